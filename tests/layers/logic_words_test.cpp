// Words that logic may not say: time, chance, environment, globals, and the order of a hash table. The rules are tried
// on made-up code first, for a lint that finds nothing proves nothing.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "tests/layers/source_file.h"

namespace dure::layers {
namespace {

using Findings = std::vector<std::string>;

Findings forbidden_words(const SourceFile& file) {
  static const std::vector<std::pair<std::regex, std::string>> rules = {
      {std::regex(R"(\bsystem_clock\b|\bsteady_clock\b|\bhigh_resolution_clock\b|Clock::now\b)"), "asks a clock"},
      {std::regex(
           R"(\b(time|clock|gettimeofday|clock_gettime|localtime|gmtime)\s*\(\s*(NULL|nullptr|0|&|CLOCK)[^;]*\))"),
       "asks a clock"},
      {std::regex(R"(\brandom_device\b|\bmt19937|\buniform_\w+_distribution\b|\bstd::shuffle\b|\brandombytes)"),
       "has chance of its own"},
      {std::regex(R"((^|[^\w.>:])s?rand\s*\()"), "has chance of its own"},
      {std::regex(R"(\bgetenv\s*\()"), "reads the environment"},
      {std::regex(R"(\bthread_local\b|\bstd::thread\b|\bstd::mutex\b|\bstd::atomic\b|\bstd::async\b)"),
       "knows of threads"},
      {std::regex(R"(\bstd::(unordered_)?(map|set)<\s*(const\s+)?[\w:]+\s*\*)"), "keys on an address"},
      {std::regex(R"(\bstd::hash<\s*[\w:]+\s*\*\s*>)"), "hashes an address"},
      {std::regex(R"(\busing namespace std\b)"), "hides where names come from"},
  };
  Findings found;
  for (const auto& [rule, what] : rules)
    for (std::sregex_iterator at(file.code.begin(), file.code.end(), rule), end; at != end; ++at)
      found.push_back(finding(file, static_cast<std::size_t>(at->position()), what + ": " + at->str()));
  return found;
}

std::set<std::string> unordered_names(const std::string& code) {
  std::set<std::string> names;
  static const std::regex declared(R"(\bstd::unordered_(map|set|multimap|multiset)\s*<)");
  for (std::sregex_iterator at(code.begin(), code.end(), declared), end; at != end; ++at) {
    std::size_t i = static_cast<std::size_t>(at->position() + at->length());
    for (int depth = 1; i < code.size() && depth > 0; ++i) depth += code[i] == '<' ? 1 : code[i] == '>' ? -1 : 0;
    std::smatch name;
    const std::string rest = code.substr(i, 100);
    if (std::regex_search(rest, name, std::regex(R"(^[\s&*]*(\w+)\s*[;={,)])"))) names.insert(name[1]);
  }
  return names;
}

Findings unordered_walks(const SourceFile& file, const SourceFile* header) {
  auto names = unordered_names(file.code);
  if (header != nullptr) names.merge(unordered_names(header->code));
  Findings found;
  static const std::regex walk(R"(\bfor\s*\([^;(){}]*:\s*(?:\*?[\w.\->]*?)(\w+)\s*\)|(\w+)\s*\.\s*c?begin\s*\()");
  for (std::sregex_iterator at(file.code.begin(), file.code.end(), walk), end; at != end; ++at) {
    const std::string name = (*at)[1].matched ? (*at)[1].str() : (*at)[2].str();
    if (names.count(name) != 0)
      found.push_back(finding(file, static_cast<std::size_t>(at->position()), "walks over the unordered " + name));
  }
  return found;
}

std::string joined(const Findings& findings) {
  std::string all;
  for (const auto& line : findings) all += line + "\n";
  return all;
}

TEST(Layers, LogicSaysNoneOfTheForbiddenWords) {
  Findings found;
  for (const auto& file : all_sources())
    if (is_logic(file))
      for (auto& line : forbidden_words(file)) found.push_back(line);
  EXPECT_TRUE(found.empty()) << joined(found);
}

TEST(Layers, LogicNeverWalksOverAnUnorderedContainer) {
  Findings found;
  for (const auto& file : all_sources()) {
    if (!is_logic(file)) continue;
    const auto dot = file.path.rfind('.');
    const SourceFile* header = file.path.substr(dot) == ".cpp" ? find_source(file.path.substr(0, dot) + ".h") : nullptr;
    for (auto& line : unordered_walks(file, header)) found.push_back(line);
  }
  EXPECT_TRUE(found.empty()) << joined(found);
}

TEST(Layers, TheWordsAreFoundWhereTheyAre) {
  for (const char* bad :
       {"auto t = std::chrono::steady_clock::now();", "auto t = time(nullptr);", "std::random_device d;",
        "int x = rand();", "const char* h = getenv(\"HOME\");", "thread_local int x;", "std::map<Player*, int> m;",
        "std::set<const Zone *> s;", "clock_gettime(CLOCK_MONOTONIC, &t);"})
    EXPECT_EQ(forbidden_words(make_source("x.cpp", bad)).size(), 1u) << bad;
  for (const char* good :
       {"// time(nullptr)", "log(\"time(nullptr)\");", "node.wait(time);", "MonoTime time(MonoTime t);",
        "std::map<PlayerId, Player*> m;", "strand(x);", "const char c = '\"'; int y = 1; // rand()"})
    EXPECT_TRUE(forbidden_words(make_source("x.cpp", good)).empty()) << good;
}

TEST(Layers, WalksOverUnorderedContainersAreFoundWhereTheyAre) {
  const SourceFile header =
      make_source("x.h", "std::unordered_map<Id<Tag>, std::map<int, int>> table_;\nstd::map<int, int> fine_;");
  for (const char* bad : {"for (auto& [k, v] : table_) f(k);", "for (const auto& e : other.table_) f(e);",
                          "for (const auto& e : this->table_) f(e);", "auto at = table_.begin();"})
    EXPECT_EQ(unordered_walks(make_source("x.cpp", bad), &header).size(), 1u) << bad;
  for (const char* good : {"for (auto& [k, v] : fine_) f(k);", "auto at = table_.find(k);",
                           "if (at == table_.end()) f();", "for (int i = 0; i < 3; ++i) f(table_);"})
    EXPECT_TRUE(unordered_walks(make_source("x.cpp", good), &header).empty()) << good;
}

}  // namespace
}  // namespace dure::layers
