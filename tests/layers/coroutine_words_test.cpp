// g++ 12.2 destroys an unnamed aggregate, or the captures of a lambda, twice when they stand in a co_await expression:
// name them first. And a capturing lambda that is itself a coroutine loses its captures at the first suspension.
#include <gtest/gtest.h>

#include <regex>

#include "tests/layers/source_file.h"

namespace dure::layers {
namespace {

using Findings = std::vector<std::string>;

// From co_await to the end of its full expression.
std::string expression_at(const std::string& code, std::size_t at) {
  int depth = 0;
  std::size_t end = at;
  for (; end < code.size(); ++end) {
    const char c = code[end];
    if (c == '(' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '}' || c == ']') --depth;
    if (depth < 0 || (c == ';' && depth == 0)) break;
  }
  return code.substr(at, end - at);
}

Findings coroutine_traps(const SourceFile& file) {
  static const std::regex awaits(R"(\bco_await\b)");
  static const std::regex aggregate(R"((^|[^\w:])(\w+::)*[A-Z]\w*(<[^(){};]*>)?\s*\{)");
  static const std::regex braces(R"([(,]\s*\{\s*\}\s*[,)])");
  static const std::regex lambda(R"([(,=]\s*\[\s*[^\]\s][^\]]*\]\s*[({])");
  static const std::regex coroutine_lambda(R"(\[\s*[^\]\s][^\]\[]*\]\s*\([^()]*\)\s*(mutable\s*)?->\s*Task<)");
  Findings found;
  for (std::sregex_iterator at(file.code.begin(), file.code.end(), awaits), end; at != end; ++at) {
    const auto from = static_cast<std::size_t>(at->position());
    const std::string expression = expression_at(file.code, from);
    if (std::regex_search(expression, aggregate))
      found.push_back(finding(file, from, "an unnamed object in braces inside a co_await expression: name it first"));
    // f(x, {}) as an argument: the rest of the coroutine is left out, and the program ends there.
    if (std::regex_search(expression, braces))
      found.push_back(finding(file, from, "an argument {} inside a co_await expression: name it first"));
    if (std::regex_search(expression, lambda))
      found.push_back(finding(file, from, "a capturing lambda inside a co_await expression: name it first"));
  }
  for (std::sregex_iterator at(file.code.begin(), file.code.end(), coroutine_lambda), end; at != end; ++at)
    found.push_back(finding(file, static_cast<std::size_t>(at->position()), "a capturing lambda that is a coroutine"));
  return found;
}

TEST(Layers, NoCoroutineStepsIntoATrapOfTheCompiler) {
  std::string found;
  for (const auto& file : all_sources()) {
    if (file.in("tests/layers")) continue;
    for (const auto& line : coroutine_traps(file)) found += line + "\n";
  }
  EXPECT_TRUE(found.empty()) << found;
}

TEST(Layers, TrapsAreFoundWhereTheyAre) {
  for (const char* bad :
       {"auto r = co_await call<Reply>(to, Request{1, name});", "co_await f(proto::Thing{});", "co_await f(x, {});",
        "co_await f([this] { g(); });", "co_await f(1,\n   [&](int x) { g(x); });",
        "co_await f(std::vector<int>(), Pair<A, B>{a, b});", "auto t = [this](int x) -> Task<void> { co_return; };",
        "spawn([=]() -> Task<int> { co_return 1; }());"})
    EXPECT_EQ(coroutine_traps(make_source("x.cpp", bad)).size(), 1u) << bad;
  for (const char* good :
       {"auto r = co_await call<Reply>(to, request);", "co_await f(Request(1));", "co_await f(table[i](x));",
        "if (co_await f(x)) { Request other{1}; }", "co_await f([] { g(); });",
        "auto t = [](Node* n) -> Task<void> { co_return; };", "// co_await f(Request{});"})
    EXPECT_TRUE(coroutine_traps(make_source("x.cpp", good)).empty()) << good;
}

}  // namespace
}  // namespace dure::layers
