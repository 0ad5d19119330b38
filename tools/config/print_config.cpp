#include "tools/config/print_config.h"

#include <iomanip>
#include <ostream>

#include "tools/config/schema.h"

namespace dure {
namespace {

using google::protobuf::Message;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      static const char* digits = "0123456789abcdef";
      out += std::string("\\u00") + digits[static_cast<unsigned char>(c) >> 4] + digits[c & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string value_text(const Message& message, const SettingField& field) {
  const auto& reflection = *message.GetReflection();
  if (setting_of(field).secret()) return reflection.GetString(message, &field).empty() ? "\"\"" : "(set)";
  const bool number = field.cpp_type() == SettingField::CPPTYPE_UINT32;
  if (field.is_repeated()) {
    std::string list;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i)
      list += (i ? ", " : "") + (number ? std::to_string(reflection.GetRepeatedUInt32(message, &field, i))
                                        : quoted(reflection.GetRepeatedString(message, &field, i)));
    return "[" + list + "]";
  }
  if (number) return std::to_string(reflection.GetUInt32(message, &field));
  if (field.cpp_type() == SettingField::CPPTYPE_BOOL) return reflection.GetBool(message, &field) ? "true" : "false";
  return quoted(reflection.GetString(message, &field));
}

void print_line(const std::string& setting, const std::string& comment, std::ostream& out) {
  out << std::left << std::setw(56) << setting << " # " << comment << "\n";
}

void print_message(const Message& message, const Config& config, NodeId node, const std::string& key,
                   std::ostream& out) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const SettingField& field = *message.GetDescriptor()->field(i);
    const std::string inner = key + "." + field.name();
    if (!field.message_type()) {
      print_line(inner + " = " + value_text(message, field), config.origin(node, inner), out);
      continue;
    }
    for (int n = 0; n < message.GetReflection()->FieldSize(message, &field); ++n)
      print_message(message.GetReflection()->GetRepeatedMessage(message, &field, n), config, node,
                    inner + "[" + std::to_string(n) + "]", out);
  }
}

void print_sections(const Config& config, NodeId node, Role role, std::ostream& out) {
  const proto::Config& settings = config.of(node);
  for (int i = 0; i < settings.GetDescriptor()->field_count(); ++i) {
    const SettingField& section = *settings.GetDescriptor()->field(i);
    if (!concerns(section, role)) continue;
    print_message(settings.GetReflection()->GetMessage(settings, &section), config, node, section.name(), out);
  }
}

void print_message_settings(const google::protobuf::Descriptor& message, const std::string& key, std::ostream& out) {
  for (int i = 0; i < message.field_count(); ++i) {
    const SettingField& field = *message.field(i);
    if (field.message_type()) {
      print_message_settings(*field.message_type(), key + field.name() + (field.is_repeated() ? "[]." : "."), out);
      continue;
    }
    const std::string& standard = setting_of(field).standard();
    print_line(key + field.name() + (standard.empty() ? "" : " = " + standard), allowed_text(field), out);
  }
}

}  // namespace

void print_config(const Config& config, NodeId node, std::ostream& out) {
  print_sections(config, node, node.role(), out);
}

void print_config(const Config& config, Role role, std::ostream& out) { print_sections(config, {}, role, out); }

void print_settings(std::ostream& out) { print_message_settings(*proto::Config::descriptor(), "", out); }

int check_config(const std::string& path, std::ostream& out, std::ostream& errors) {
  const auto config = load_config(path);
  if (!config) {
    errors << config.error().detail << "\n";
    return kExitConfig;
  }
  out << path << ": ok, cluster " << config->base().cluster().cluster_id() << ", " << config->nodes().size()
      << " nodes\n";
  return 0;
}

}  // namespace dure
