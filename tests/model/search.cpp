#include "tests/model/search.h"

#include <cstdio>
#include <cstring>
#include <optional>

#include "tests/model/accounts/steps.h"
#include "tests/model/house/steps.h"
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

struct Digest {
  std::uint64_t a, b;
  bool operator==(const Digest&) const = default;
};

std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
  const unsigned __int128 product = static_cast<unsigned __int128>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// A sum over the words that are not zero, each mixed with constants of its place: most of a state is zero.
template <class AnyState>
Digest digest_of(const AnyState& state) {
  Digest sum{0, 0};
  const auto* bytes = reinterpret_cast<const unsigned char*>(&state);
  for (std::size_t i = 0; i < sizeof(AnyState); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, std::min<std::size_t>(8, sizeof(AnyState) - i));
    if (word == 0) continue;
    const std::uint64_t place = (i + 1) * 0x9e3779b97f4a7c15ull;
    sum.a += fold(word ^ place, 0xa4093822299f31d1ull ^ (place >> 7));
    sum.b += fold(word + place, 0x082efa98ec4e6c89ull ^ (place << 5));
  }
  return {fold(sum.a, 0xd6e8feb86659fd93ull), fold(sum.b, 0xc2b2ae3d27d4eb4full)};
}

// The set of states seen, numbered in the order of their finding.
class Seen {
 public:
  Seen() : slots_(1 << 16, 0) {}
  // The state's number, and whether it is new.
  std::pair<std::uint32_t, bool> add(const Digest& digest, std::uint32_t from) {
    if ((digests_.size() + 1) * 2 > slots_.size()) grow();
    std::size_t i = place(digest);
    while (slots_[i] != 0) {
      if (digests_[slots_[i] - 1] == digest) return {slots_[i] - 1, false};
      i = (i + 1) & (slots_.size() - 1);
    }
    digests_.push_back(digest);
    parents_.push_back(from);
    slots_[i] = static_cast<std::uint32_t>(digests_.size());
    return {static_cast<std::uint32_t>(digests_.size() - 1), true};
  }
  std::size_t size() const { return digests_.size(); }
  const Digest& digest(std::uint32_t number) const { return digests_[number]; }
  std::uint32_t parent(std::uint32_t number) const { return parents_[number]; }

 private:
  std::size_t place(const Digest& digest) const { return digest.a & (slots_.size() - 1); }
  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::size_t n = 0; n < digests_.size(); ++n) {
      std::size_t i = place(digests_[n]);
      while (slots_[i] != 0) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = static_cast<std::uint32_t>(n + 1);
    }
  }
  std::vector<Digest> digests_;
  std::vector<std::uint32_t> parents_, slots_;
};

// Over the states of one model: the functions that take an AnyState are found beside it.
template <class AnyState>
class Search {
 public:
  Search(const Scenario& scenario, Rule removed, const Limits& limits)
      : scenario_(scenario), removed_(removed), limits_(limits) {}

  Outcome run() {
    std::vector<AnyState> frontier(1), following;
    first_state(scenario_, frontier.front());
    visit(frontier.front(), 0);
    std::uint32_t number = 0;
    while (!frontier.empty() && !broken_at_) {
      following.clear();
      for (const AnyState& state : frontier) {
        if (broken_at_ || seen_.size() >= limits_.states) break;
        expand(state, number++, following);
      }
      if (seen_.size() >= limits_.states) break;
      frontier.swap(following);
    }
    outcome_.exhausted = frontier.empty() && !broken_at_;
    if (outcome_.exhausted && limits_.progress) find_stuck();
    outcome_.states = seen_.size();
    if (broken_at_) retrace();
    return outcome_;
  }

 private:
  // True: not seen before.
  std::pair<std::uint32_t, bool> visit(const AnyState& state, std::uint32_t from) {
    const auto [number, fresh] = seen_.add(digest_of(state), from);
    if (!fresh) return {number, false};
    note_marks(scenario_, state, outcome_.marks);
    drained_.push_back(drained(scenario_, state));
    if (const Law law = broken_law(scenario_, state); law != Law::kNone && !broken_at_) {
      outcome_.broken = law;
      broken_at_ = number;
    }
    return {number, true};
  }

  void expand(const AnyState& state, std::uint32_t number, std::vector<AnyState>& following) {
    reached_.clear();
    successors(scenario_, removed_, state, reached_);
    for (const SuccessorOf<AnyState>& next : reached_) {
      if (broken_at_) return;
      ++outcome_.transitions;
      const auto [to, fresh] = visit(next.state, number);
      if (next.fair == Fair::kYes && limits_.progress && to != number) fair_.push_back({number, to});
      if (fresh) following.push_back(next.state);
    }
  }

  // Backward from the drained states over fair transitions: whoever is not reached is stuck.
  void find_stuck() {
    const std::size_t count = seen_.size();
    std::vector<std::uint32_t> start(count + 1, 0), sources(fair_.size()), open;
    for (const auto& [from, to] : fair_) ++start[to + 1];
    for (std::size_t i = 0; i < count; ++i) start[i + 1] += start[i];
    std::vector<std::uint32_t> at(start.begin(), start.end() - 1);
    for (const auto& [from, to] : fair_) sources[at[to]++] = from;
    for (std::uint32_t i = 0; i < count; ++i)
      if (drained_[i]) open.push_back(i);
    while (!open.empty()) {
      const std::uint32_t to = open.back();
      open.pop_back();
      for (std::uint32_t k = start[to]; k < start[to + 1]; ++k) {
        if (drained_[sources[k]]) continue;
        drained_[sources[k]] = true;
        open.push_back(sources[k]);
      }
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (drained_[i]) continue;
      outcome_.broken = Law::kStuck;
      outcome_.exhausted = false;
      broken_at_ = i;
      return;
    }
  }

  // Only digests were kept: walk the path again from the first state.
  void retrace() {
    std::vector<std::uint32_t> path;
    for (std::uint32_t n = *broken_at_; n != 0; n = seen_.parent(n)) path.push_back(n);
    AnyState state{};
    first_state(scenario_, state);
    for (auto n = path.rbegin(); n != path.rend(); ++n) {
      reached_.clear();
      successors(scenario_, removed_, state, reached_);
      for (const SuccessorOf<AnyState>& next : reached_) {
        if (!(digest_of(next.state) == seen_.digest(*n))) continue;
        outcome_.way.push_back(to_string(next.label));
        state = next.state;
        break;
      }
    }
  }

  const Scenario& scenario_;
  const Rule removed_;
  const Limits limits_;
  Outcome outcome_;
  Seen seen_;
  std::vector<bool> drained_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> fair_;
  std::vector<SuccessorOf<AnyState>> reached_;
  std::optional<std::uint32_t> broken_at_;
};

}  // namespace

Outcome explore(const Scenario& scenario, Rule removed, const Limits& limits) {
  if (scenario.house) return Search<house::State>(scenario, removed, limits).run();
  if (scenario.accounts) return Search<accounts::State>(scenario, removed, limits).run();
  return Search<State>(scenario, removed, limits).run();
}

std::string report(const Scenario& scenario, Rule removed, const Outcome& outcome, double seconds) {
  char line[256];
  const char* verdict = outcome.broken != Law::kNone ? name_of(outcome.broken)
                        : outcome.exhausted          ? "exhausted, no law broken"
                                                     : "limit hit, no law broken";
  std::snprintf(line, sizeof line, "%-22s %-22s %10llu states %11llu transitions %6.1f s  %s\n",
                std::string(scenario.name).c_str(), removed == Rule::kAll ? "" : std::string(name_of(removed)).c_str(),
                static_cast<unsigned long long>(outcome.states), static_cast<unsigned long long>(outcome.transitions),
                seconds, verdict);
  std::string text = line;
  if (outcome.broken == Law::kNone)
    for (int mark = 0; mark < kMarks; ++mark)
      if (outcome.marks[mark] != 0)
        text +=
            "    " + std::string(name_of(static_cast<Mark>(mark))) + ": " + std::to_string(outcome.marks[mark]) + "\n";
  for (std::size_t i = 0; i < outcome.way.size(); ++i)
    text += "    " + std::to_string(i + 1) + ". " + outcome.way[i] + "\n";
  return text;
}

}  // namespace dure::model
