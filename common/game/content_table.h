// A content file read strictly: each key is asked for with what it may be, and what nobody asked for is refused, with
// file, line, column, key and what is allowed. The first trouble is kept and told by finish(); until then the answers
// are harmless fallbacks, so a reader need not stop at each key. Plain value, any thread; no file is opened here.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace dure {

struct ContentFile {
  std::string name;  // for messages
  std::string text;
};

// The file of that name (without its folder) of a version's files; kInvalid: it is missing.
[[nodiscard]] Result<ContentFile> find_content_file(const std::vector<ContentFile>& files, const std::string& name);

class ContentTable {
 public:
  struct Node;
  struct Shared;

  [[nodiscard]] static Result<ContentTable> parse(const ContentFile& file);

  bool has(const std::string& key) const;
  std::string text(const std::string& key);
  std::string text(const std::string& key, const std::string& fallback);
  std::int64_t number(const std::string& key, std::int64_t least, std::int64_t most);
  std::int64_t number(const std::string& key, std::int64_t least, std::int64_t most, std::int64_t fallback);
  // A whole number passes for a real one.
  double real(const std::string& key, double least, double most, double fallback);
  bool flag(const std::string& key, bool fallback);
  std::vector<std::string> texts(const std::string& key);
  std::vector<ContentTable> tables(const std::string& key);  // [[key]], or none
  ContentTable table(const std::string& key);                // [key], empty where missing
  std::vector<std::string> keys() const;
  // The other keys of this table are somebody else's to read.
  void rest_is_not_mine();
  // A value that is well-formed and still wrong, for instance a name that nothing has.
  void refuse(const std::string& key, const std::string& allowed);

  // Of the root, after everything was read.
  [[nodiscard]] Result<> finish();

 private:
  ContentTable(std::shared_ptr<Shared> shared, Node* node) : shared_(std::move(shared)), node_(node) {}
  Node* ask(const std::string& key);
  std::shared_ptr<Shared> shared_;
  Node* node_;
};

}  // namespace dure
