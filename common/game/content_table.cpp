#include "common/game/content_table.h"

#include <map>
#include <set>
#include <sstream>
#include <variant>

#include "common/base/strict_toml.h"

namespace dure {

struct ContentTable::Node {
  using Table = std::map<std::string, Node>;
  using Array = std::vector<Node>;
  std::uint32_t line = 0, column = 0;
  std::variant<std::monostate, std::string, std::int64_t, double, bool, Array, Table> value;
  std::set<std::string> asked;
  bool open = false;  // its unknown keys are somebody else's
};

struct ContentTable::Shared {
  std::string file, error;
  Node root;
  Node nothing{0, 0, Node::Table{}, {}, true};

  void trouble(const Node& at, const std::string& key, const std::string& what) {
    if (error.empty())
      error = file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + key + ": " + what;
  }
};

namespace {

using Node = ContentTable::Node;

Node copy(const toml::node& from) {
  Node node;
  node.line = from.source().begin.line;
  node.column = from.source().begin.column;
  if (const auto* table = from.as_table()) {
    Node::Table mine;
    for (const auto& [key, value] : *table) mine.emplace(std::string(key.str()), copy(value));
    node.value = std::move(mine);
  } else if (const auto* array = from.as_array()) {
    Node::Array mine;
    for (const auto& value : *array) mine.push_back(copy(value));
    node.value = std::move(mine);
  } else if (const auto* text = from.as_string()) {
    node.value = text->get();
  } else if (const auto* number = from.as_integer()) {
    node.value = number->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.value = real->get();
  } else if (const auto* flag = from.as_boolean()) {
    node.value = flag->get();
  }
  return node;
}

void unknown_keys(ContentTable::Shared& shared, const Node& node) {
  if (const auto* array = std::get_if<Node::Array>(&node.value))
    for (const Node& entry : *array) unknown_keys(shared, entry);
  const auto* table = std::get_if<Node::Table>(&node.value);
  if (table == nullptr) return;
  for (const auto& [key, child] : *table) {
    if (node.asked.count(key)) {
      unknown_keys(shared, child);
    } else if (!node.open) {
      std::string known;
      for (const auto& name : node.asked) known += (known.empty() ? "" : ", ") + name;
      shared.trouble(child, key, "unknown key; allowed here: " + known);
    }
  }
}

std::string range(std::int64_t least, std::int64_t most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is needed";
}

}  // namespace

Result<ContentFile> find_content_file(const std::vector<ContentFile>& files, const std::string& name) {
  for (const ContentFile& file : files)
    if (file.name == name || file.name.ends_with("/" + name)) return file;
  return fail(Trouble::kInvalid, name + ": is missing");
}

Result<ContentTable> ContentTable::parse(const ContentFile& file) {
  auto shared = std::make_shared<Shared>();
  shared->file = file.name;
  try {
    const toml::table table = toml::parse(std::string_view(file.text), std::string_view(file.name));
    shared->root = copy(table);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return fail(Trouble::kInvalid, file.name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                                       std::string(error.description()));
  } catch (const TomlAssertion&) {
    return fail(Trouble::kInvalid, file.name + ": not TOML");
  }
  shared->root.line = shared->root.column = 1;
  Node* root = &shared->root;
  return ContentTable(std::move(shared), root);
}

Node* ContentTable::ask(const std::string& key) {
  node_->asked.insert(key);
  auto& table = std::get<Node::Table>(node_->value);
  const auto at = table.find(key);
  return at == table.end() ? nullptr : &at->second;
}

bool ContentTable::has(const std::string& key) const { return std::get<Node::Table>(node_->value).count(key) != 0; }

std::string ContentTable::text(const std::string& key) {
  if (!has(key)) {
    node_->asked.insert(key);
    shared_->trouble(*node_, key, "is missing; a text is needed");
    return {};
  }
  return text(key, {});
}

std::string ContentTable::text(const std::string& key, const std::string& fallback) {
  const Node* node = ask(key);
  if (node == nullptr) return fallback;
  const auto* value = std::get_if<std::string>(&node->value);
  if (value == nullptr || value->empty()) {
    shared_->trouble(*node, key, "a text that is not empty is needed");
    return fallback;
  }
  return *value;
}

std::int64_t ContentTable::number(const std::string& key, std::int64_t least, std::int64_t most) {
  if (!has(key)) {
    node_->asked.insert(key);
    shared_->trouble(*node_, key, "is missing; " + range(least, most));
    return least;
  }
  return number(key, least, most, least);
}

std::int64_t ContentTable::number(const std::string& key, std::int64_t least, std::int64_t most,
                                  std::int64_t fallback) {
  const Node* node = ask(key);
  if (node == nullptr) return fallback;
  const auto* value = std::get_if<std::int64_t>(&node->value);
  if (value == nullptr || *value < least || *value > most) {
    shared_->trouble(*node, key, range(least, most));
    return fallback;
  }
  return *value;
}

double ContentTable::real(const std::string& key, double least, double most, double fallback) {
  const Node* node = ask(key);
  if (node == nullptr) return fallback;
  const auto* real = std::get_if<double>(&node->value);
  const auto* whole = std::get_if<std::int64_t>(&node->value);
  const double value = real != nullptr ? *real : whole != nullptr ? static_cast<double>(*whole) : least - 1;
  if (value >= least && value <= most) return value;  // false for NaN, too
  std::ostringstream range;
  range << "a number from " << least << " to " << most << " is needed";
  shared_->trouble(*node, key, range.str());
  return fallback;
}

bool ContentTable::flag(const std::string& key, bool fallback) {
  const Node* node = ask(key);
  if (node == nullptr) return fallback;
  const auto* value = std::get_if<bool>(&node->value);
  if (value == nullptr) shared_->trouble(*node, key, "true or false is needed");
  return value != nullptr ? *value : fallback;
}

std::vector<std::string> ContentTable::texts(const std::string& key) {
  std::vector<std::string> all;
  const Node* node = ask(key);
  if (node == nullptr) return all;
  const auto* array = std::get_if<Node::Array>(&node->value);
  if (array == nullptr) shared_->trouble(*node, key, "a list of texts is needed");
  if (array != nullptr)
    for (const Node& entry : *array) {
      if (const auto* value = std::get_if<std::string>(&entry.value))
        all.push_back(*value);
      else
        shared_->trouble(entry, key, "a list of texts is needed");
    }
  return all;
}

std::vector<ContentTable> ContentTable::tables(const std::string& key) {
  std::vector<ContentTable> all;
  Node* node = ask(key);
  if (node == nullptr) return all;
  auto* array = std::get_if<Node::Array>(&node->value);
  if (array == nullptr) shared_->trouble(*node, key, "[[" + key + "]] is needed");
  if (array != nullptr)
    for (Node& entry : *array) {
      if (std::holds_alternative<Node::Table>(entry.value))
        all.push_back(ContentTable(shared_, &entry));
      else
        shared_->trouble(entry, key, "[[" + key + "]] is needed");
    }
  return all;
}

ContentTable ContentTable::table(const std::string& key) {
  Node* node = ask(key);
  if (node != nullptr && std::holds_alternative<Node::Table>(node->value)) return ContentTable(shared_, node);
  if (node != nullptr) shared_->trouble(*node, key, "[" + key + "] is needed");
  return ContentTable(shared_, &shared_->nothing);
}

std::vector<std::string> ContentTable::keys() const {
  std::vector<std::string> all;
  for (const auto& [key, node] : std::get<Node::Table>(node_->value)) all.push_back(key);
  return all;
}

void ContentTable::rest_is_not_mine() { node_->open = true; }

void ContentTable::refuse(const std::string& key, const std::string& allowed) {
  const Node* node = ask(key);
  shared_->trouble(node != nullptr ? *node : *node_, key, allowed);
}

Result<> ContentTable::finish() {
  if (shared_->error.empty()) unknown_keys(*shared_, *node_);
  if (!shared_->error.empty()) return fail(Trouble::kInvalid, shared_->error);
  return {};
}

}  // namespace dure
