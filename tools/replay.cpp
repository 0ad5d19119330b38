#include "tools/replay.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "common/host/event_log.h"
#include "common/host/throw_stack.h"
#include "common/logic/crossing_codec.h"
#include "common/logic/journal.h"
#include "common/proto/config.pb.h"
#include "common/proto/routes.h"
#include "tools/compose.h"

namespace dure {
namespace {

class NoLog : public EventLog {
 public:
  void event(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

// The records of a journal one after the other, with one looked at ahead.
class Records {
 public:
  explicit Records(JournalReader reader) : reader_(std::move(reader)) { advance(); }
  template <class Record>
  const Record* peek() const {
    return next_ ? std::get_if<Record>(&*next_) : nullptr;
  }
  template <class Record>
  std::optional<Record> take() {
    if (peek<Record>() == nullptr) return std::nullopt;
    Record record = std::move(std::get<Record>(*next_));
    advance();
    return record;
  }
  bool ended() const { return !next_; }
  const std::string& unreadable() const { return unreadable_; }
  std::size_t offset() const { return reader_.offset(); }
  bool whole() const { return reader_.whole(); }

 private:
  void advance() {
    auto record = reader_.next();
    next_.reset();
    if (!record)
      unreadable_ = record.error().detail;
    else
      next_ = std::move(*record);
  }
  JournalReader reader_;
  std::optional<JournalRecord> next_;
  std::string unreadable_;
};

// The chance that was drawn then. Another size or more than was drawn: the node does not do what it did.
class DrawnEntropy : public Entropy {
 public:
  explicit DrawnEntropy(Records& records) : records_(records) {}
  void fill(std::span<std::uint8_t> out) override {
    const auto drawn = records_.take<JournalDrawn>();
    if (!drawn || drawn->bytes.size() != out.size()) {
      strayed_ = true;
      std::memset(out.data(), 0, out.size());
      return;
    }
    std::memcpy(out.data(), drawn->bytes.data(), out.size());
  }
  bool strayed() const { return strayed_; }

 private:
  Records& records_;
  bool strayed_ = false;
};

int refuse(const std::string& why) {
  std::fprintf(stderr, "dure replay: %s\n", why.c_str());
  return kExitConfig;
}

std::string summary_of(const std::vector<Outbound>& effects) {
  std::map<std::string_view, std::size_t> counts;
  for (const Outbound& effect : effects) ++counts[name_of(effect)];
  std::string text;
  for (const auto& [name, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(name);
  return text.empty() ? "nothing" : text;
}

struct Tally {
  std::uint64_t turns = 0, inputs = 0, effects = 0;
};

// Empty: all as it was. Else what was not.
std::string run_turns(Records& records, Node& node, TurnFigures& figures, const DrawnEntropy& entropy,
                      std::uint64_t stop_before, Tally* tally) {
  std::vector<Outbound> effects;
  while (auto turn = records.take<JournalTurn>()) {
    ++tally->turns;
    tally->inputs += turn->inputs.size();
    if (turn->left != MonoTime{}) node.effects_left(turn->left);
    figures = turn->figures;
    effects.clear();
    if (tally->turns == stop_before) std::raise(SIGTRAP);
    node.turn(turn->now, turn->wall, &turn->inputs, &effects);
    const JournalTurnEnd did = digest_of(effects);
    tally->effects += did.effects;
    const bool drew_less = records.peek<JournalDrawn>() != nullptr;
    const auto then = records.take<JournalTurnEnd>();
    const std::string at = "turn " + std::to_string(tally->turns) + ": ";
    if (entropy.strayed()) return at + "it draws other chance than it did then";
    if (drew_less) return at + "it draws less chance than it did then";
    if (!then) break;
    if (did != *then)
      return at + "other effects than then (" + std::to_string(then->effects) + "): " + summary_of(effects);
  }
  return {};
}

}  // namespace

int run_replay(const ReplayOptions& options) {
  std::ifstream in(options.path, std::ios::binary);
  if (!in) return refuse(options.path + ": " + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  const std::string bytes = std::move(text).str();
  auto reader = JournalReader::open(bytes);
  if (!reader) return refuse(options.path + ": " + reader.error().detail);
  Records records(std::move(*reader));
  const auto start = records.take<JournalStart>();
  if (!start)
    return refuse(options.path + ": " + (records.unreadable().empty() ? "says nothing yet" : records.unreadable()));
  const auto config = parse_config(start->config, start->config_path);
  if (!config) return refuse(config.error().detail);
  const auto game = load_game(config->base().cluster().content_dir());
  if (!game) return refuse(game.error().detail);
  auto files = engine_files();
  files.insert(files.end(), game->files.begin(), game->files.end());
  const auto routes = Routes::build(files);
  if (!routes) return refuse(routes.error().detail);
  const NodeEntry* entry = nullptr;
  for (const NodeEntry& one : config->nodes())
    if (one.name == start->node) entry = &one;
  if (entry == nullptr) return refuse(start->config_path + ": has no node " + start->node);

  NoLog silent;
  auto log = HostEventLog::open({});
  if (!log) return refuse(log.error().detail);
  HostThrowStack throw_stack;
  DrawnEntropy entropy(records);
  TurnFigures figures;
  const Seams seams{options.log ? static_cast<EventLog*>(log->get()) : &silent,
                    &entropy,
                    &throw_stack,
                    &figures,
                    nullptr,
                    start->set_aside};
  const auto bundle = compose_node(*config, *entry, *routes, *game, start->incarnation, seams, Workers::kNone);
  if (!bundle) return refuse(bundle.error().detail);

  Tally tally;
  const std::string strayed = run_turns(records, *bundle->node, figures, entropy, options.stop_before, &tally);
  std::printf("%s: %llu turns, %llu inputs, %llu effects\n", start->node.c_str(),
              static_cast<unsigned long long>(tally.turns), static_cast<unsigned long long>(tally.inputs),
              static_cast<unsigned long long>(tally.effects));
  if (!strayed.empty()) {
    std::printf("%s\n", strayed.c_str());
    return 1;
  }
  if (!records.unreadable().empty()) return refuse(options.path + ": " + records.unreadable());
  if (!records.ended()) return refuse(options.path + ": offset " + std::to_string(records.offset()) + ": not a turn");
  std::printf("each did what it did then%s\n",
              records.whole() ? "" : "; the last record is cut: its process died there");
  return 0;
}

}  // namespace dure
