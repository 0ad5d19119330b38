#include "tools/config/schema.h"

#include <algorithm>
#include <charconv>

#include "common/base/check.h"

namespace dure {
namespace {

bool all_of(std::string_view text, bool (*wanted)(char)) { return std::all_of(text.begin(), text.end(), wanted); }
bool hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool name_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}
bool is_name(std::string_view text) { return !text.empty() && text.size() <= 64 && all_of(text, name_letter); }
bool is_hex32(std::string_view text) { return text.size() == 64 && all_of(text, hex_digit); }

const char* form_text(proto::Form form) {
  switch (form) {
    case proto::ENDPOINT:
      return "tcp://host:port, ipc://path or inproc";
    case proto::HOST_PORT:
      return "host:port";
    case proto::HOST_PORT_OR_EMPTY:
      return "host:port or empty";
    case proto::REDIS:
      return "host:port, unix:path or empty";
    case proto::NODE:
      return "role-number with role gateway, general, dungeon, chat or dbagent; or all-number/role";
    case proto::NAME:
      return "1..64 letters, digits, - and _";
    case proto::HEX32:
      return "64 hexadecimal digits";
    case proto::NAMED_HEX32:
      return "name:64 hexadecimal digits";
    default:
      return "text";
  }
}

}  // namespace

const proto::Setting& setting_of(const SettingField& field) { return field.options().GetExtension(proto::setting); }

void set_defaults(google::protobuf::Message* message) {
  const auto& reflection = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const SettingField& field = *message->GetDescriptor()->field(i);
    const std::string& standard = setting_of(field).standard();
    if (field.is_repeated()) continue;
    switch (field.cpp_type()) {
      case SettingField::CPPTYPE_MESSAGE:
        set_defaults(reflection.MutableMessage(message, &field));
        break;
      case SettingField::CPPTYPE_STRING:
        reflection.SetString(message, &field, standard);
        break;
      case SettingField::CPPTYPE_BOOL:
        reflection.SetBool(message, &field, standard == "true");
        break;
      case SettingField::CPPTYPE_UINT32: {
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(standard.data(), standard.data() + standard.size(), value);
        CHECK_MSG(error == std::errc() && end == standard.data() + standard.size(), field.full_name());
        reflection.SetUInt32(message, &field, value);
        break;
      }
      default:
        CHECK_MSG(false, field.full_name() + ": settings are uint32, bool, string or sections");
    }
  }
}

std::string allowed_text(const SettingField& field) {
  const proto::Setting& setting = setting_of(field);
  std::string text;
  if (field.cpp_type() == SettingField::CPPTYPE_UINT32)
    text = std::to_string(setting.min()) + ".." + std::to_string(setting.max());
  else if (field.cpp_type() == SettingField::CPPTYPE_BOOL)
    text = "true or false";
  else if (field.cpp_type() == SettingField::CPPTYPE_MESSAGE)
    text = field.is_repeated() ? "[[" + field.name() + "]] tables" : "a [" + field.name() + "] table";
  else if (setting.allowed_size() > 0)
    for (const auto& one : setting.allowed()) text += (text.empty() ? "" : ", ") + one;
  else
    text = form_text(setting.form());
  if (field.is_repeated() && !field.message_type()) text = "a list of " + text;
  return text + " (" + setting.means() + ")";
}

bool has_form(proto::Form form, std::string_view text) {
  switch (form) {
    case proto::ENDPOINT:
      if (text.starts_with("ipc://")) return text.size() > 6 && text.size() < 6 + 100;
      return text == "inproc" || (text.starts_with("tcp://") && split_host_port(text).port != 0);
    case proto::HOST_PORT:
      return text.find("//") == text.npos && split_host_port(text).port != 0;
    case proto::HOST_PORT_OR_EMPTY:
      return text.empty() || has_form(proto::HOST_PORT, text);
    case proto::REDIS:
      return text.empty() || (text.starts_with("unix:") && text.size() > 5 && text.size() < 5 + 100) ||
             (text.find("//") == text.npos && split_host_port(text).port != 0);
    case proto::NODE: {
      const NodeId node = node_from_text(text);
      if (!node || node.role() == Role::kTool) return false;
      return text.find('/') == text.npos || text.starts_with("all-");
    }
    case proto::NAME:
      return is_name(text);
    case proto::HEX32:
      return is_hex32(text);
    case proto::NAMED_HEX32: {
      const auto colon = text.find(':');
      return colon != text.npos && is_name(text.substr(0, colon)) && is_hex32(text.substr(colon + 1));
    }
    default:
      return true;
  }
}

bool concerns(const SettingField& field, Role role) {
  const auto& roles = setting_of(field).roles();
  if (role == Role::kNone || roles.empty()) return true;
  // RoleName and Role number the roles alike.
  return std::any_of(roles.begin(), roles.end(), [role](int one) { return one == static_cast<int>(role); });
}

HostPort split_host_port(std::string_view text) {
  if (text.starts_with("tcp://")) text.remove_prefix(6);
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  HostPort address;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || address.port > 65535) return {};
  std::string_view host = text.substr(0, colon);
  if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
  address.host = host;
  return address;
}

bool is_loopback(const HostPort& address) {
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

}  // namespace dure
