// A TOML file's bytes and its table, with what is wrong as one line. Inside dure_config only: pulls in toml++.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/strict_toml.h"

namespace dure {

// The whole file; refuses a missing, unreadable, empty or too large one.
[[nodiscard]] Result<std::string> read_config_file(const std::string& path);
[[nodiscard]] Result<toml::table> parse_toml(std::string_view text, const std::string& path);

// "path:line:column", the beginning of every message about a place in the file.
std::string place_text(const std::string& path, const toml::source_position& at);

}  // namespace dure
