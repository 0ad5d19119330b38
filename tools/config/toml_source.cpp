#include "tools/config/toml_source.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "common/base/text.h"
#include "tools/config/config.h"

namespace dure {
namespace {

toml::source_position position_of(std::string_view text, std::size_t offset) {
  toml::source_position at{1, 1};
  for (std::size_t i = 0; i < offset; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((byte & 0xc0) != 0x80) {  // columns count code points
      ++at.column;
    }
  }
  return at;
}

// The line's first offset from which the text is no UTF-8.
std::size_t first_invalid(std::string_view text) {
  std::size_t good = 0;
  while (good < text.size()) {
    std::size_t length = 1;
    while (length <= 4 && good + length <= text.size() && !valid_utf8(text.substr(good, length))) ++length;
    if (length > 4 || good + length > text.size()) return good;
    good += length;
  }
  return good;
}

constexpr std::string_view kRedefined = "cannot redefine existing ";

// toml++ reports a duplicate behind its '='; people look for the key.
toml::source_position place_of(std::string_view text, const toml::parse_error& error) {
  toml::source_position at = error.source().begin;
  if (error.description().find(kRedefined) == std::string_view::npos) return at;
  for (toml::source_index line = 1; line < at.line; ++line) text.remove_prefix(text.find('\n') + 1);
  at.column = static_cast<toml::source_index>(text.find_first_not_of(" \t") + 1);
  return at;
}

std::string in_our_words(std::string_view description) {
  const auto colon = description.find(": ");
  if (description.starts_with("Error while") && colon != std::string_view::npos) description.remove_prefix(colon + 2);
  if (description.starts_with(kRedefined)) return "duplicate " + std::string(description.substr(kRedefined.size()));
  return std::string(description);
}

}  // namespace

std::string place_text(const std::string& path, const toml::source_position& at) {
  return path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

Result<std::string> read_config_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return fail(Trouble::kInvalid, path + ": " + std::strerror(errno));
  std::string text(kConfigBytesMax + 1, '\0');
  const std::size_t size = std::fread(text.data(), 1, text.size(), file.get());
  if (std::ferror(file.get())) return fail(Trouble::kInvalid, path + ": " + std::strerror(errno));
  text.resize(size);
  return text;
}

Result<toml::table> parse_toml(std::string_view text, const std::string& path) {
  if (text.size() > kConfigBytesMax) return fail(Trouble::kInvalid, path + ": larger than 1 MiB");
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(Trouble::kInvalid, path + ": empty file");
  if (!valid_utf8(text))
    return fail(Trouble::kInvalid, place_text(path, position_of(text, first_invalid(text))) + ": invalid UTF-8");
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return fail(Trouble::kInvalid, place_text(path, place_of(text, error)) + ": " + in_our_words(error.description()));
  } catch (const TomlAssertion&) {
    return fail(Trouble::kInvalid, path + ": not TOML");
  }
}

}  // namespace dure
