// Our sources as the lint reads them: code without comments and string contents, and what is included.
#pragma once
#include <string>
#include <vector>

namespace dure::layers {

struct SourceFile {
  std::string path;                   // from the root, "gateway/session.cpp"
  std::string code;                   // comments and the inside of literals are blanks; line breaks stay
  std::vector<std::string> includes;  // with their quotes or brackets
  bool in(const std::string& folder) const { return path.rfind(folder + "/", 0) == 0; }
  bool in_sample() const { return path.find("/sample/") != std::string::npos; }
  int line_of(std::size_t at) const;
};

std::string without_comments(const std::string& text);
SourceFile make_source(const std::string& path, const std::string& text);
// All .h and .cpp of the product and its tests, sorted by path.
const std::vector<SourceFile>& all_sources();
// Those of the folders that hold logic: nothing of a thread, socket, clock or chance may be in them.
bool is_logic(const SourceFile& file);
const SourceFile* find_source(const std::string& path);
// "path:line: what", for a failure's message.
std::string finding(const SourceFile& file, std::size_t at, const std::string& what);

}  // namespace dure::layers
