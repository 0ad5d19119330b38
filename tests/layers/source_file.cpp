#include "tests/layers/source_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dure::layers {

int SourceFile::line_of(std::size_t at) const {
  return 1 + static_cast<int>(std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string without_comments(const std::string& text) {
  std::string out = text;
  const auto blank = [&out](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to && i < out.size(); ++i)
      if (out[i] != '\n') out[i] = ' ';
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      const auto end = std::min(text.find('\n', i), text.size());
      blank(i, end);
      i = end;
    } else if (text.compare(i, 2, "/*") == 0) {
      const auto end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      blank(i, end);
      i = end;
    } else if (text.compare(i, 2, "R\"") == 0) {
      const auto open = text.find('(', i);
      const std::string close = ")" + text.substr(i + 2, open - i - 2) + "\"";
      const auto end = std::min(text.find(close, open), text.size() - close.size());
      blank(open, end);
      i = end + close.size();
    } else if (text[i] == '"' ||
               (text[i] == '\'' && !(i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1]))))) {
      const char quote = text[i];
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != quote && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      blank(i + 1, end);
      i = end + 1;
    } else {
      ++i;
    }
  }
  return out;
}

SourceFile make_source(const std::string& path, const std::string& text) {
  SourceFile file;
  file.path = path;
  file.code = without_comments(text);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("#include", 0) != 0) continue;
    const auto from = line.find_first_of("<\"");
    const auto to = line.find_first_of(">\"", from + 1);
    if (to != std::string::npos) file.includes.push_back(line.substr(from, to - from + 1));
  }
  return file;
}

const std::vector<SourceFile>& all_sources() {
  static const std::vector<SourceFile> files = [] {
    std::vector<SourceFile> found;
    const std::filesystem::path root = DURE_SOURCE_DIR;
    for (const char* folder : {"common", "gateway", "lobby", "dungeon", "chat", "dbagent", "tools", "tests"}) {
      if (!std::filesystem::exists(root / folder)) continue;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
        const auto extension = entry.path().extension();
        if (extension != ".h" && extension != ".cpp") continue;
        std::ifstream in(entry.path());
        std::stringstream text;
        text << in.rdbuf();
        found.push_back(make_source(entry.path().lexically_relative(root).string(), text.str()));
      }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return found;
  }();
  return files;
}

bool is_logic(const SourceFile& file) {
  if (file.in("dbagent/store")) return false;
  for (const char* folder :
       {"common/base", "common/proto", "common/logic", "common/game", "gateway", "lobby", "dungeon", "chat", "dbagent"})
    if (file.in(folder)) return true;
  return false;
}

const SourceFile* find_source(const std::string& path) {
  for (const auto& file : all_sources())
    if (file.path == path) return &file;
  return nullptr;
}

std::string finding(const SourceFile& file, std::size_t at, const std::string& what) {
  return file.path + ":" + std::to_string(file.line_of(at)) + ": " + what;
}

}  // namespace dure::layers
