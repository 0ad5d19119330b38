// One program links nearly all folders: two classes of one name would be one for the linker, which takes either's
// inline functions for both. Nothing else notices.
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "tests/layers/source_file.h"

namespace dure::layers {
namespace {

// "dure::Session" of every class that stands in named namespaces only.
std::vector<std::string> defined_in(const SourceFile& file) {
  static const std::regex word(
      R"(\bnamespace ?([\w:]*) ?\{|\b(?:class|struct) (\w+)(?: final)?\s*(?::(?!:)[^;{}()=]*)?\{|[{}])");
  const std::string other = "{";
  std::vector<std::string> found, open;  // of each brace: the namespace it opened, "" for an unnamed one, or `other`
  for (std::sregex_iterator at(file.code.begin(), file.code.end(), word), end; at != end; ++at) {
    const std::string what = at->str();
    if (what == "}") {
      if (!open.empty()) open.pop_back();
    } else if (what.rfind("namespace", 0) == 0) {
      open.push_back((*at)[1].str());
    } else {
      std::string name;
      bool named = (*at)[2].matched;
      for (const auto& space : open) {
        named = named && !space.empty() && space != other;
        name += space + "::";
      }
      if (named) found.push_back(name + (*at)[2].str());
      open.push_back(other);
    }
  }
  return found;
}

std::vector<std::string> defined_twice(const std::vector<SourceFile>& files) {
  std::map<std::string, std::string> first;
  std::vector<std::string> found;
  for (const auto& file : files)
    for (const auto& name : defined_in(file))
      if (const auto [at, fresh] = first.emplace(name, file.path); !fresh && at->second != file.path)
        found.push_back(name + " is in " + at->second + " and in " + file.path);
  return found;
}

TEST(Layers, NoTwoClassesOfTheProductHaveOneName) {
  std::vector<SourceFile> product;
  for (const auto& file : all_sources())
    if (!file.in("tests")) product.push_back(file);
  std::string found;
  for (const auto& line : defined_twice(product)) found += line + "\n";
  EXPECT_TRUE(found.empty()) << found;
}

TEST(Layers, TwoClassesOfOneNameAreFound) {
  const auto one =
      make_source("a/one.h", "namespace dure {\nclass Session : public Base {\n};\n}  // namespace dure\n");
  const auto other = make_source("b/other.h", "namespace dure {\nstruct Session final {\n  int a;\n};\n}\n");
  const auto hidden = make_source("c/one.cpp", "namespace dure {\nnamespace {\nstruct Session {\n};\n}\n}\n");
  const auto told =
      make_source("c/two.h", "namespace dure {\nclass Session;\nstruct Kept {\n  struct Session {};\n};\n}\n");
  EXPECT_EQ(defined_twice({one, other}).size(), 1u);
  EXPECT_TRUE(defined_twice({one, hidden, told}).empty());
}

}  // namespace
}  // namespace dure::layers
