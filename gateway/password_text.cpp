#include "gateway/password_text.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace dure {

std::optional<std::string> composed(std::string_view text) {
  utf8proc_uint8_t* made = nullptr;
  const auto bytes =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &made, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (bytes < 0) return std::nullopt;
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(made, &std::free);
  return std::string(reinterpret_cast<const char*>(made), static_cast<std::size_t>(bytes));
}

std::optional<std::string> prepared_password(std::string_view typed) {
  if (typed.size() > kPasswordBytesMax) return std::nullopt;
  std::string plain;
  for (std::string_view rest = typed; !rest.empty();) {
    utf8proc_int32_t point = 0;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                                        static_cast<utf8proc_ssize_t>(rest.size()), &point);
    if (bytes <= 0) return std::nullopt;
    if (utf8proc_category(point) == UTF8PROC_CATEGORY_ZS)
      plain += ' ';
    else
      plain += rest.substr(0, static_cast<std::size_t>(bytes));
    rest.remove_prefix(static_cast<std::size_t>(bytes));
  }
  if (plain.empty()) return std::nullopt;
  return composed(plain);
}

}  // namespace dure
