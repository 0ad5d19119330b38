#include "tools/config/fill.h"

#include <sstream>

namespace dure {
namespace {

using google::protobuf::Message;

std::string shown(const toml::node& value, const SettingField& field) {
  if (setting_of(field).secret()) return "(secret)";
  if (value.is_table()) return "a table";
  if (value.is_array()) return "a list";
  std::ostringstream text;
  value.visit([&text](const auto& one) { text << one; });
  const std::string all = text.str();
  return all.size() <= 80 ? all : all.substr(0, 77) + "...";
}

// One value of a scalar setting, at one place in the file.
class Value {
 public:
  Value(const toml::node& node, const SettingField& field, std::string where)
      : node_(node), field_(field), where_(std::move(where)) {}

  Result<void> put(Message* message) const {
    switch (field_.cpp_type()) {
      case SettingField::CPPTYPE_UINT32:
        return put_number(message);
      case SettingField::CPPTYPE_BOOL:
        return put_bool(message);
      default:
        return put_text(message);
    }
  }
  tl::unexpected<Error> refused() const {
    return fail(Trouble::kInvalid, where_ + " = " + shown(node_, field_) + ": allowed " + allowed_text(field_));
  }

 private:
  Result<void> put_number(Message* message) const {
    const auto* number = node_.as_integer();
    const auto& setting = setting_of(field_);
    if (!number || number->get() < setting.min() || number->get() > setting.max()) return refused();
    const auto value = static_cast<std::uint32_t>(number->get());
    const auto& reflection = *message->GetReflection();
    if (field_.is_repeated())
      reflection.AddUInt32(message, &field_, value);
    else
      reflection.SetUInt32(message, &field_, value);
    return {};
  }
  Result<void> put_bool(Message* message) const {
    if (!node_.is_boolean()) return refused();
    message->GetReflection()->SetBool(message, &field_, node_.as_boolean()->get());
    return {};
  }
  Result<void> put_text(Message* message) const {
    const auto* text = node_.as_string();
    if (!text || !text_allowed(text->get())) return refused();
    if (field_.is_repeated())
      message->GetReflection()->AddString(message, &field_, text->get());
    else
      message->GetReflection()->SetString(message, &field_, text->get());
    return {};
  }
  bool text_allowed(const std::string& text) const {
    const auto& setting = setting_of(field_);
    if (text.find('\0') != std::string::npos || !has_form(setting.form(), text)) return false;
    if (setting.allowed_size() == 0) return true;
    for (const auto& one : setting.allowed())
      if (one == text) return true;
    return false;
  }

  const toml::node& node_;
  const SettingField& field_;
  const std::string where_;
};

Result<void> fill_list(const toml::node& node, const SettingField& field, const FillContext& context,
                       const std::string& key, Message* message, Origins* origins) {
  const auto refuse = [&](const toml::node& at) {
    return Value(at, field, place_text(context.path, at.source().begin) + ": " + context.prefix + key).refused();
  };
  const auto* list = node.as_array();
  if (!list) return refuse(node);
  message->GetReflection()->ClearField(message, &field);
  std::size_t index = 0;
  for (const toml::node& element : *list) {
    const std::string element_key = key + "[" + std::to_string(index++) + "]";
    (*origins)[element_key] = element.source().begin;
    if (field.message_type()) {
      if (!element.is_table()) return refuse(element);
      Message* entry = message->GetReflection()->AddMessage(message, &field);
      set_defaults(entry);
      if (auto filled = fill_message(*element.as_table(), context, element_key, entry, origins); !filled) return filled;
      continue;
    }
    const std::string where = place_text(context.path, element.source().begin) + ": " + context.prefix + element_key;
    if (auto put = Value(element, field, where).put(message); !put) return put;
  }
  return {};
}

Result<void> required_present(const toml::table& table, const FillContext& context, const std::string& key,
                              const Message& message) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const SettingField& field = *message.GetDescriptor()->field(i);
    if (setting_of(field).required() && !table.contains(field.name()))
      return fail(Trouble::kInvalid, place_text(context.path, table.source().begin) + ": " + context.prefix + key +
                                         "." + field.name() + " is missing: allowed " + allowed_text(field));
  }
  return {};
}

std::string known_keys(const Message& message) {
  std::string text;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i)
    text += (i ? ", " : "") + message.GetDescriptor()->field(i)->name();
  return text;
}

}  // namespace

Result<void> fill_message(const toml::table& table, const FillContext& context, const std::string& key,
                          Message* message, Origins* origins) {
  for (const auto& [name, node] : table) {
    const std::string inner = key.empty() ? std::string(name.str()) : key + "." + std::string(name.str());
    const std::string where = place_text(context.path, name.source().begin) + ": " + context.prefix + inner;
    const SettingField* field = message->GetDescriptor()->FindFieldByName(std::string(name.str()));
    if (!field) return fail(Trouble::kInvalid, where + ": unknown key: allowed " + known_keys(*message));
    if (context.per_node && key.empty() && !setting_of(*field).per_node())
      return fail(Trouble::kInvalid, where + ": is the same for all nodes, [node] cannot override it");
    (*origins)[inner] = name.source().begin;
    Result<void> put;
    if (field->is_repeated()) {
      put = fill_list(node, *field, context, inner, message, origins);
    } else if (field->message_type()) {
      if (!node.is_table()) return Value(node, *field, where).refused();
      put = fill_message(*node.as_table(), context, inner, message->GetReflection()->MutableMessage(message, field),
                         origins);
    } else {
      put = Value(node, *field, where).put(message);
    }
    if (!put) return put;
  }
  return key.empty() || context.per_node ? Result<void>{} : required_present(table, context, key, *message);
}

}  // namespace dure
