#include "common/game/sample/run_content.h"

#include <toml++/toml.h>

#include <set>
#include <sstream>

namespace dure::sample {
namespace {

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::string where(const toml::node& node, const std::string& key) const {
    std::ostringstream out;
    out << file_ << ":" << node.source().begin.line << ":" << node.source().begin.column << ": " << key;
    return out.str();
  }
  void refuse(const toml::node& node, const std::string& key, const std::string& allowed) {
    if (error_.empty()) error_ = where(node, key) + ": " + allowed;
  }
  std::int64_t integer(const toml::table& table, const char* key, std::int64_t fallback, std::int64_t least,
                       std::int64_t most) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return fallback;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
      refuse(*node, key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
      return fallback;
    }
    return *value;
  }
  std::string text(const toml::table& table, const char* key) {
    const toml::node* node = table.get(key);
    const auto value = node != nullptr ? node->value_exact<std::string>() : std::nullopt;
    if (!value || value->empty()) refuse(node != nullptr ? *node : table, key, "a name is needed");
    return value.value_or("");
  }
  double chance(const toml::table& table) {
    const toml::node* node = table.get("chance");
    const double value = node != nullptr ? node->value<double>().value_or(-1) : 1.0;
    if (!(value >= 0 && value <= 1)) refuse(*node, "chance", "0.0 to 1.0");
    return value;
  }
  void only(const toml::table& table, const std::set<std::string_view>& known) {
    for (const auto& [key, node] : table)
      if (!known.count(key.str())) refuse(node, std::string(key.str()), "unknown key");
  }
  const std::string& error() const { return error_; }

 private:
  std::string file_, error_;
};

MonsterKind monster(Reader& in, const std::string& name, const toml::table& t) {
  in.only(t, {"hit_points", "attack", "defence", "speed_cm_s", "attack_interval_ms", "experience", "gold", "loot"});
  MonsterKind kind;
  kind.name = name;
  kind.hit_points = static_cast<std::uint32_t>(in.integer(t, "hit_points", 30, 1, 1000000));
  kind.fighter.attack = static_cast<std::uint32_t>(in.integer(t, "attack", 8, 0, 100000));
  kind.fighter.defence = static_cast<std::uint32_t>(in.integer(t, "defence", 0, 0, 100000));
  kind.speed_cm_s = static_cast<std::uint32_t>(in.integer(t, "speed_cm_s", 250, 0, 5000));
  kind.attack_interval_ms = static_cast<std::uint32_t>(in.integer(t, "attack_interval_ms", 1500, 100, 60000));
  kind.experience = in.integer(t, "experience", 10, 0, 1000000);
  kind.gold = in.integer(t, "gold", 5, 0, 1000000);
  if (const auto* loot = t["loot"].as_array())
    for (const auto& node : *loot) {
      const auto* entry = node.as_table();
      if (entry == nullptr) {
        in.refuse(node, "loot", "a table is needed");
        continue;
      }
      in.only(*entry, {"template", "stack", "count", "chance"});
      kind.loot.push_back({in.text(*entry, "template"), (*entry)["stack"].value_or(false),
                           in.integer(*entry, "count", 1, 1, 1000), in.chance(*entry)});
    }
  return kind;
}

RunContent run(Reader& in, const toml::table& t) {
  RunContent content;
  content.reward_gold = in.integer(t, "reward_gold", 50, 0, 1000000);
  content.reward_experience = in.integer(t, "reward_experience", 50, 0, 1000000);
  const auto* waves = t["wave"].as_array();
  if (waves == nullptr) {
    in.refuse(t, "wave", "at least one [[dungeon.wave]] is needed");
    return content;
  }
  for (const auto& node : *waves) {
    Wave wave;
    if (const auto* table = node.as_table())
      for (const auto& [kind, count] : *table) {
        const std::int64_t n = count.value_exact<std::int64_t>().value_or(0);
        if (n < 1 || n > 100) in.refuse(count, std::string(kind.str()), "1 to 100 monsters of a kind");
        wave.monsters.emplace_back(std::string(kind.str()), static_cast<std::uint32_t>(n));
      }
    content.waves.push_back(std::move(wave));
  }
  return content;
}

}  // namespace

Result<RunsContent> parse_runs(const std::string& file, std::string_view text) {
  Reader in(file);
  RunsContent content;
  try {
    const toml::table root = toml::parse(text, file);
    if (const auto* monsters = root["monster"].as_table())
      for (const auto& [name, node] : *monsters)
        if (const auto* table = node.as_table())
          content.monsters[std::string(name.str())] = monster(in, std::string(name.str()), *table);
    if (const auto* dungeons = root["dungeon"].as_array())
      for (const auto& node : *dungeons)
        if (const auto* table = node.as_table()) {
          content.runs[in.text(*table, "name")] = run(in, *table);
        }
    for (const auto& [name, r] : content.runs)
      for (const auto& wave : r.waves)
        for (const auto& [kind, count] : wave.monsters)
          if (!content.monsters.count(kind)) in.refuse(root, name + ".wave", "no [monster." + kind + "] in this file");
  } catch (const toml::parse_error& e) {
    std::ostringstream out;
    out << file << ":" << e.source().begin.line << ":" << e.source().begin.column << ": " << e.description();
    return fail(Trouble::kInvalid, out.str());
  }
  if (!in.error().empty()) return fail(Trouble::kInvalid, in.error());
  return content;
}

}  // namespace dure::sample
