// The index of hostile and bad inputs: each has a test that exists, or says "not yet".
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace dure {
namespace {

const std::filesystem::path kTests = std::filesystem::path(DURE_SOURCE_DIR) / "tests";

struct Row {
  int line = 0;
  std::string section, input, answer;
};

std::vector<Row> read_index(std::map<std::string, std::size_t>* promised) {
  std::ifstream in(kTests / "hostile" / "index.tsv");
  std::vector<Row> rows;
  std::string text, section;
  for (int line = 1; std::getline(in, text); ++line) {
    if (text.empty() || text[0] == '#') continue;
    const auto tab = text.find('\t');
    if (text[0] == '[') {
      section = text.substr(1, text.find(']') - 1);
      (*promised)[section] = static_cast<std::size_t>(std::stoul(text.substr(text.find(']') + 1)));
      continue;
    }
    rows.push_back({line, section, text.substr(0, tab), tab == std::string::npos ? "" : text.substr(tab + 1)});
  }
  return rows;
}

std::set<std::string> all_tests() {
  std::set<std::string> names;
  const std::regex test(R"(TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\))");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kTests)) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    const std::string source = text.str();
    for (std::sregex_iterator at(source.begin(), source.end(), test), end; at != end; ++at)
      names.insert((*at)[1].str() + "." + (*at)[2].str());
  }
  return names;
}

TEST(Hostile, EveryRowOfTheIndexHasAnEntryAndEveryEntryExists) {
  std::map<std::string, std::size_t> promised, found;
  const auto rows = read_index(&promised);
  const auto tests = all_tests();
  ASSERT_GT(rows.size(), 60u);
  for (const auto& row : rows) {
    ++found[row.section];
    ASSERT_FALSE(row.answer.empty()) << "index.tsv:" << row.line << ": '" << row.input << "' has no entry";
    if (row.answer.rfind("not yet", 0) == 0) continue;
    const std::string part = "part:";
    std::stringstream names(row.answer.starts_with(part) ? row.answer.substr(part.size()) : row.answer);
    EXPECT_NE(names.str().find('.'), std::string::npos) << "index.tsv:" << row.line << ": names no test";
    for (std::string name; names >> name;)
      EXPECT_TRUE(tests.count(name)) << "index.tsv:" << row.line << ": no test " << name;
  }
  EXPECT_EQ(found, promised) << "a section lost or gained rows";
}

}  // namespace
}  // namespace dure
