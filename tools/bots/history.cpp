#include "tools/bots/history.h"

#include <nlohmann/json.hpp>

#include "common/game/sample/sample.pb.h"
#include "tools/bots/own_model.h"

namespace dure {
namespace {

using nlohmann::json;

json line_of(const char* did, const History::Who& who, std::uint64_t creq) {
  return {{"did", did}, {"player", who.player}, {"epoch", who.epoch}, {"creq", creq}};
}

json amounts_of(const sample::TradeTable::Side& side) {
  json amounts = json::object();
  for (const auto& amount : side.amounts()) amounts[amount.name()] = amount.value();
  return amounts;
}

json items_of(const sample::TradeTable::Side& side) {
  json items = json::array();
  for (const auto& item : side.items()) items.push_back(to_text(ItemId{item.id().high(), item.id().low()}));
  return items;
}

}  // namespace

Result<> History::open(const std::string& path) {
  file_.open(path, std::ios::trunc);
  if (!file_) return fail(Trouble::kIo, "cannot write " + path);
  return {};
}

void History::asked(Who who, const Change& expected) {
  if (!file_.is_open()) return;
  json line = line_of("ask", who, expected.creq);
  line["balances"] = expected.balances;
  line["removed"] = json::array();
  for (const ItemId& id : expected.removed) line["removed"].push_back(to_text(id));
  int fresh = 0;
  for (const auto& [name, count] : expected.fresh) fresh += count;
  line["fresh"] = fresh;
  file_ << line << '\n';
}

void History::agreed(Who who, std::uint64_t creq, const sample::TradeTable& table) {
  if (!file_.is_open() || table.sides_size() != 2) return;
  const int me = table.sides(0).player() == who.player ? 0 : 1;
  const auto &mine = table.sides(me), &theirs = table.sides(1 - me);
  json line = line_of("agree", who, creq);
  line["with"] = theirs.player();
  line["give"] = amounts_of(mine);
  line["get"] = amounts_of(theirs);
  line["gives"] = items_of(mine);
  line["gets"] = items_of(theirs);
  file_ << line << '\n';
}

void History::told(Who who, std::uint64_t creq, const std::string& code) {
  if (!file_.is_open()) return;
  json line = line_of("told", who, creq);
  line["code"] = code;
  file_ << line << '\n';
}

void History::saved(Who who, std::uint64_t creq) {
  if (file_.is_open()) file_ << line_of("saved", who, creq) << '\n';
}

void History::came_to_nothing(Who who, std::uint64_t creq) {
  if (file_.is_open()) file_ << line_of("void", who, creq) << '\n';
}

void History::settling(Who who, std::uint64_t creq, const ItemId& txn) {
  if (!file_.is_open()) return;
  json line = line_of("settling", who, creq);
  line["txn"] = to_text(txn);
  file_ << line << '\n';
}

// At once in the file: whoever watches a run wants to know how far it came.
void History::settled(Who who, std::uint64_t creq, const ItemId& txn, bool committed) {
  if (!file_.is_open()) return;
  json line = line_of("settled", who, creq);
  line["txn"] = to_text(txn);
  line["committed"] = committed;
  file_ << line << std::endl;
}

}  // namespace dure
