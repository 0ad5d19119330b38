// Several incarnations share one process in the simulation: logic may have no variable that outlives them. Read from
// the archives themselves, so that a static inside a function is found, too.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace dure::layers {
namespace {

// Name (a part of it) of what is written once and then only read.
const std::vector<std::string>& allowed() {
  static const std::vector<std::string> names = {
      "guard variable for ",                                        // of a static that is itself judged
      "DW.ref.",                                                    // the compiler's
      "std::__ioinit",                                              // of <iostream>, by way of protobuf's headers
      "TopicTable::sessions(dure::TopicKey const&) const::nobody",  // const, empty
      "::login_id",
      "::error_id",  // const, a message's id
  };
  return names;
}

std::vector<std::string> split(const std::string& line, char by) {
  std::vector<std::string> parts;
  std::istringstream in(line);
  for (std::string part; std::getline(in, part, by);) {
    const auto from = part.find_first_not_of(' ');
    const auto to = part.find_last_not_of(' ');
    parts.push_back(from == std::string::npos ? "" : part.substr(from, to - from + 1));
  }
  return parts;
}

bool writable(const std::string& section) {
  if (section.rfind(".data.rel.ro", 0) == 0) return false;
  for (const char* kind : {".data", ".bss", ".tdata", ".tbss", "*COM*"})
    if (section.rfind(kind, 0) == 0) return true;
  return false;
}

// Lines of `nm -C --format=sysv`: name|value|class|type|size|line|section.
std::vector<std::string> mutable_globals(const std::string& table) {
  std::vector<std::string> found;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    const auto parts = split(line, '|');
    // A demangled name may itself hold the separator ("operator|"): count from the end.
    if (parts.size() < 7 || !writable(parts.back()) || parts[parts.size() - 4] == "SECTION") continue;
    bool fine = parts[0].empty() || parts[0][0] == '.';
    fine |= std::regex_search(parts[0], std::regex(R"((^|::)k[A-Z]\w*$)"));  // constants, by the naming rule
    for (const auto& name : allowed()) fine |= parts[0].find(name) != std::string::npos;
    if (!fine) found.push_back(parts[0] + " in " + parts.back());
  }
  return found;
}

std::string table_of(const std::string& archive) {
  const std::string command = std::string(DURE_NM) + " -C --format=sysv '" + archive + "' 2>&1";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string table;
  char buffer[4096];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe.get()) != nullptr) table += buffer;
  return table;
}

TEST(Layers, LogicLibrariesHaveNoMutableGlobals) {
  if (std::string(DURE_SANITIZED) != "") GTEST_SKIP() << "the sanitizers add their own";
  for (const auto& archive : split(DURE_ARCHIVES, ':')) {
    if (archive.empty()) continue;
    const std::string table = table_of(archive);
    EXPECT_NE(table.find("Symbols from"), std::string::npos) << archive << " could not be read:\n"
                                                             << table.substr(0, 500);
    for (const auto& found : mutable_globals(table)) ADD_FAILURE() << archive << ": " << found;
  }
}

TEST(Layers, MutableGlobalsAreFoundWhereTheyAre) {
  const std::string table =
      "dure::counter       |0000000000000000|   B  |            OBJECT|0000000000000004|     |.bss\n"
      "dure::f()::cache    |0000000000000000|   u  |            OBJECT|0000000000000004|     |.data._ZZ1fvE5cache\n"
      "dure::names         |0000000000000000|   d  |            OBJECT|0000000000000004|     |.data.rel.ro.local\n"
      "dure::f()           |0000000000000000|   T  |              FUNC|0000000000000004|     |.text\n"
      "guard variable for dure::f()::cache|0000000000000000|   u  |            OBJECT|0000000000000008|     |.bss\n";
  EXPECT_EQ(mutable_globals(table).size(), 2u);
}

}  // namespace
}  // namespace dure::layers
