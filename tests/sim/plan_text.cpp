#include "tests/sim/plan_text.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/sim/plan_line.h"

namespace dure::sim {
namespace {

std::string text_of(Duration duration) {
  for (auto unit = std::rbegin(kUnits); unit != std::rend(kUnits); ++unit)
    if (duration % unit->one == Duration{}) return std::to_string(duration / unit->one) + unit->name;
  return std::to_string(duration / microseconds(1)) + "us";
}

std::string nodes_text(const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : " ") + to_text(node);
  return text;
}

std::string allowed(const std::string& word, const std::string& names) {
  return "unknown word '" + word + "'; allowed: " + names;
}

FaultKind fault_kind(const std::string& word) {
  std::string names;
  for (const FaultKind kind : kFaultKinds) {
    if (word == to_text(kind)) return kind;
    names += (names.empty() ? "" : ", ") + std::string(to_text(kind));
  }
  throw std::runtime_error(allowed(word, names));
}

Fault parse_fault(Line& line) {
  Fault fault;
  fault.at = line.duration();
  fault.kind = fault_kind(line.word("a fault"));
  if (fault.kind == FaultKind::kHangUp || fault.kind == FaultKind::kMove || fault.kind == FaultKind::kMangle) {
    fault.client = line.client();
    if (fault.kind == FaultKind::kMangle) {
      line.fixed("for");
      fault.lasts = line.duration();
    }
    if (fault.kind == FaultKind::kMove) {
      line.fixed("to");
      fault.shard = static_cast<std::uint32_t>(line.number("shard", 0, 7));
    }
    return fault;
  }
  if (fault.kind == FaultKind::kRestore) {
    fault.nodes = {agent_node()};
    fault.shard = static_cast<std::uint32_t>(line.number("shard", 0, 7));
    line.fixed("from");
    fault.from = line.duration();
    line.fixed("for");
    fault.lasts = line.duration();
    return fault;
  }
  if (fault.kind == FaultKind::kRedisDies) {
    line.fixed("for");
    fault.lasts = line.duration();
    return fault;
  }
  const bool two = fault.kind == FaultKind::kCut || fault.kind == FaultKind::kMute;
  if (fault.kind == FaultKind::kPart) {
    for (auto count = line.number("number of processes", 1, 64); count > 0; --count) fault.nodes.push_back(line.node());
  } else {
    for (int count = two ? 2 : 1; count > 0; --count) fault.nodes.push_back(line.node());
  }
  if (two && fault.nodes[0] == fault.nodes[1]) throw std::runtime_error("two processes are wanted, not one twice");
  if (fault.kind == FaultKind::kDelay || fault.kind == FaultKind::kClock) {
    line.fixed("by");
    fault.by = line.duration(fault.kind == FaultKind::kClock ? -kLongest : Duration{});
  }
  line.fixed("for");
  fault.lasts = line.duration();
  return fault;
}

ClientPlan parse_client(Line& line) {
  ClientPlan client;
  client.name = line.client();
  const std::string habit = line.word("what it does");
  bool known = false;
  for (const Habit one : {Habit::kShops, Habit::kDungeon, Habit::kTrades})
    if (habit == to_text(one)) {
      client.habit = one;
      known = true;
    }
  if (!known) throw std::runtime_error(allowed(habit, "shops, fights, trades"));
  if (client.habit == Habit::kTrades) {
    line.fixed("with");
    client.partner = line.client();
  }
  std::string at = line.word("'at'");
  while (client.habit == Habit::kTrades && at == "and") {
    const std::string also = line.word("what else it does");
    if (also != "writes" && also != "bids") throw std::runtime_error(allowed(also, "writes, bids"));
    (also == "writes" ? client.writes : client.bids) = true;
    at = line.word("'at'");
  }
  if (at != "at") throw std::runtime_error("'" + at + "' where 'at' is wanted");
  client.gateway = line.node();
  std::string more = line.more() ? line.word("'by'") : "";
  if (more == "and") {
    line.fixed("roams");
    client.roams = true;
    more = line.more() ? line.word("'by'") : "";
  }
  if (more.empty()) return client;
  if (more != "by") throw std::runtime_error("'" + more + "' where 'by' is wanted");
  line.fixed("websocket");
  client.web_socket = true;
  return client;
}

std::uint32_t once_in(Line& line) {
  line.fixed("once");
  line.fixed("in");
  return static_cast<std::uint32_t>(line.number("number", 1, 1'000'000));
}

Unluck parse_unluck(Line& line) {
  Unluck unluck;
  unluck.site = line.word("an unlucky site, like call.late");
  if (!is_unlucky_site(unluck.site))
    throw std::runtime_error("'" + unluck.site + "' is no site of common/logic/unlucky.h");
  unluck.one_in = once_in(line);
  return unluck;
}

Mischief parse_mischief(Line& line) {
  Mischief mischief;
  const std::string what = line.word("what a rogue does");
  std::string names;
  bool known = false;
  for (const Who who : kWho) {
    names += (names.empty() ? "" : ", ") + std::string(to_text(who));
    if (what != to_text(who)) continue;
    mischief.who = who;
    known = true;
  }
  if (!known) throw std::runtime_error(allowed(what, names));
  mischief.one_in = once_in(line);
  return mischief;
}

void parse_shape(Line& line, Shape* shape) {
  while (line.more()) {
    const std::string what = line.word("a kind of process");
    const auto count = [&](std::uint64_t most) { return static_cast<std::uint16_t>(line.number("number", 1, most)); };
    if (what == "gateways")
      shape->gateways = count(4);
    else if (what == "generals")
      shape->generals = count(8);
    else if (what == "dungeons")
      shape->dungeons = count(8);
    else if (what == "chats")
      shape->chats = count(4);
    else if (what == "shards")
      shape->shards = count(8);
    else
      throw std::runtime_error(allowed(what, "gateways, generals, dungeons, chats, shards"));
  }
}

void parse_line(Line& line, Plan* plan) {
  const std::string word = line.word("an entry");
  if (word == "seed") {
    plan->seed = line.number("seed", 0, UINT64_MAX);
  } else if (word == "shape") {
    parse_shape(line, &plan->shape);
  } else if (word == "latency") {
    plan->latency = line.duration();
    if (plan->latency < microseconds(60)) throw std::runtime_error("the mean latency is at least 60us");
  } else if (word == "play") {
    plan->play = line.duration();
  } else if (word == "bug") {
    const std::string name = line.word("a deliberate bug");
    if (!bug_from_text(name, &plan->bug)) throw std::runtime_error(allowed(name, bug_names()));
  } else if (word == "client") {
    plan->clients.push_back(parse_client(line));
  } else if (word == "unlucky") {
    plan->unlucky.push_back(parse_unluck(line));
  } else if (word == "rogue") {
    plan->mischief.push_back(parse_mischief(line));
  } else if (word == "at") {
    plan->faults.push_back(parse_fault(line));
  } else {
    throw std::runtime_error(allowed(word, "seed, shape, latency, play, bug, client, unlucky, rogue, at"));
  }
  if (line.more()) throw std::runtime_error("'" + line.word("") + "' is one word too many");
}

}  // namespace

std::string to_text(const Fault& fault) {
  std::string text = "at " + text_of(fault.at) + " " + to_text(fault.kind) + " ";
  if (fault.kind == FaultKind::kHangUp) return text + fault.client;
  if (fault.kind == FaultKind::kRedisDies) return text + "for " + text_of(fault.lasts);
  if (fault.kind == FaultKind::kMangle) return text + fault.client + " for " + text_of(fault.lasts);
  if (fault.kind == FaultKind::kMove) return text + fault.client + " to " + std::to_string(fault.shard);
  if (fault.kind == FaultKind::kRestore)
    return text + std::to_string(fault.shard) + " from " + text_of(fault.from) + " for " + text_of(fault.lasts);
  if (fault.kind == FaultKind::kPart) text += std::to_string(fault.nodes.size()) + " ";
  text += nodes_text(fault.nodes);
  if (fault.kind == FaultKind::kDelay || fault.kind == FaultKind::kClock) text += " by " + text_of(fault.by);
  return text + " for " + text_of(fault.lasts);
}

std::string to_text(const Plan& plan) {
  const Shape& shape = plan.shape;
  std::string text = "seed " + std::to_string(plan.seed) + "\n";
  text += "shape gateways " + std::to_string(shape.gateways) + " generals " + std::to_string(shape.generals) +
          " dungeons " + std::to_string(shape.dungeons) + " chats " + std::to_string(shape.chats) + " shards " +
          std::to_string(shape.shards) + "\n";
  text += "latency " + text_of(plan.latency) + "\nplay " + text_of(plan.play) + "\n";
  if (plan.bug != Bug::kNone) text += "bug " + std::string(to_text(plan.bug)) + "\n";
  for (const auto& client : plan.clients) {
    text += "client " + std::string(1, client.name) + " " + to_text(client.habit);
    if (client.habit == Habit::kTrades)
      text += " with " + std::string(1, client.partner) + (client.writes ? " and writes" : "") +
              (client.bids ? " and bids" : "");
    text += " at " + to_text(client.gateway) + (client.roams ? " and roams" : "") +
            (client.web_socket ? " by websocket" : "") + "\n";
  }
  for (const auto& unluck : plan.unlucky)
    text += "unlucky " + unluck.site + " once in " + std::to_string(unluck.one_in) + "\n";
  for (const auto& mischief : plan.mischief)
    text += std::string("rogue ") + to_text(mischief.who) + " once in " + std::to_string(mischief.one_in) + "\n";
  for (const auto& fault : plan.faults) text += to_text(fault) + "\n";
  return text;
}

Result<Plan> parse_plan(const std::string& text, const std::string& file) {
  Plan plan;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.erase(std::min(line.size(), line.find('#')));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      Line words(line);
      parse_line(words, &plan);
    } catch (const std::runtime_error& error) {
      return fail(Trouble::kInvalid, file + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  std::stable_sort(plan.faults.begin(), plan.faults.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
  if (const std::string wrong = what_is_wrong(plan); !wrong.empty())
    return fail(Trouble::kInvalid, file + ":" + std::to_string(number) + ": " + wrong);
  return plan;
}

Result<Plan> read_plan(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return fail(Trouble::kInvalid, path + ":1: cannot be read");
  return parse_plan(text.str(), path);
}

}  // namespace dure::sim
