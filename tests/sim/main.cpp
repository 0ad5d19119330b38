// dure-sim: runs plans and says what became of them. 0: every law held. 1: one did not. 64: nonsense on the command
// line. 78: a scenario or a batch's file that cannot be read or written, with its name.
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>

#include "tests/sim/history.h"
#include "tests/sim/long_batch.h"
#include "tests/sim/plan_text.h"
#include "tests/sim/run.h"
#include "tests/sim/shrink.h"
#include "tests/sim/table.h"

namespace dure::sim {
namespace {

constexpr int kExitUsage = 64, kExitConfig = 78;
constexpr int kRunsOfShrinking = 1500;
constexpr std::uint64_t kTwiceInLong = 20;     // every so many'th seed of a long batch runs a second time
constexpr std::uint64_t kCanariesToTell = 20;  // of so many planted bugs of a kind the laws must have reported one
std::string planted(Bug bug) { return std::string("planted ") + to_text(bug); }
std::string reported(Bug bug) { return std::string("reported ") + to_text(bug); }

struct Options {
  std::uint64_t seeds = 0, from = 1, twice = 0;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> scenarios;
  std::string shrink_to, hashes_to, long_file, bug = "none";
  bool show = false, print_plan = false, all_marks = false, fail_fast = false;
};

struct Named {
  std::string replay;  // the arguments that run it again
  Plan plan;
};

Duration real_time() { return std::chrono::steady_clock::now().time_since_epoch(); }

class Batch {
 public:
  explicit Batch(const Options& options) : options_(options) {}
  const Table& table() const { return table_; }
  const std::vector<LongBatch::Failure>& failures() const { return failures_; }
  Duration took() const { return real_time() - begun_; }
  void run(const Named& named, std::uint64_t of) {
    if (options_.print_plan) return void(std::fputs(to_text(named.plan).c_str(), stdout));
    Outcome outcome = once(named.plan, options_.show);
    const bool again = options_.twice != 0 && table_.runs() % options_.twice == 0;
    if (again) {
      ++doubled_;
      const Outcome second = once(named.plan, false);
      if (second.trace != outcome.trace)
        outcome.broken.push_back(
            {law::kOneSeedOneHistory, "two runs, two hashes: " + hex(outcome.trace) + " and " + hex(second.trace)});
    }
    table_.add(outcome);
    hashes_ += std::to_string(named.plan.seed) + " " + hex(outcome.trace) + "\n";
    if (!outcome.broken.empty()) failed(named, outcome);
    progress(of);
  }
  int end() const {
    if (options_.print_plan) return 0;
    if (!options_.hashes_to.empty() && !write_hashes()) return 1;
    if (terminal_ && last_progress_ != begun_) std::fprintf(stderr, "\n");
    std::printf("%s", table_.text(real_time() - begun_, options_.all_marks).c_str());
    if (doubled_ != 0) std::printf("%llu of them ran twice\n", static_cast<unsigned long long>(doubled_));
    if (options_.all_marks && !table_.missing().empty()) {
      std::printf("a batch that never met these proves too little\n");
      return 1;
    }
    return table_.failed() == 0 ? 0 : 1;
  }

 private:
  bool write_hashes() const {
    std::ofstream out(options_.hashes_to);
    if (out << hashes_ << std::flush) return true;
    std::fprintf(stderr, "dure-sim: %s cannot be written\n", options_.hashes_to.c_str());
    return false;
  }
  static std::string hex(std::uint64_t value) {
    char text[20];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
    return text;
  }
  Outcome once(const Plan& plan, bool show) const {
    if (!show) return run_plan(plan);
    const Game names;
    History history(names.routes, stdout);
    return run_plan(plan, [&history](const Moment& moment) { history.take(moment); });
  }
  void failed(const Named& named, const Outcome& outcome) {
    const Broken& first = outcome.broken.front();
    failures_.push_back({named.replay, first.law});
    std::printf("\nFAILED  %s\n  law     %s\n  trace   %s\n  again   dure-sim %s --show\n", named.replay.c_str(),
                first.law.c_str(), hex(outcome.trace).c_str(), named.replay.c_str());
    for (const auto& broken : outcome.broken) std::printf("  %s: %s\n", broken.law.c_str(), broken.detail.c_str());
    std::fflush(stdout);
    if (!options_.shrink_to.empty()) shrink_it(named.plan, first.law);
  }
  void shrink_it(const Plan& plan, const std::string& law) const {
    const Shrunk small = shrink(
        plan, [&law](const Plan& candidate) { return run_plan(candidate).breaks(law); }, kRunsOfShrinking);
    const std::string text = "# broke " + law + "\n" + to_text(small.plan);
    std::ofstream out(options_.shrink_to);
    out << text;
    std::printf("  shrunk  %zu entries to %zu in %d runs, written to %s\n%s", entries(plan), entries(small.plan),
                small.runs, options_.shrink_to.c_str(), text.c_str());
    if (!out.flush()) std::fprintf(stderr, "dure-sim: %s cannot be written\n", options_.shrink_to.c_str());
  }
  void progress(std::uint64_t of) {
    const Duration now = real_time();
    if (of < 2 || now - last_progress_ < (terminal_ ? milliseconds(500) : Duration(seconds(10)))) return;
    last_progress_ = now;
    std::fprintf(stderr, "%s%s%s", terminal_ ? "\r" : "", table_.progress(now - begun_, of).c_str(),
                 terminal_ ? "\033[K" : "\n");
  }
  const Options& options_;
  Table table_;
  std::uint64_t doubled_ = 0;
  std::vector<LongBatch::Failure> failures_;
  std::string hashes_;  // a line a run
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  const Duration begun_ = real_time();
  Duration last_progress_ = begun_;
};

// CLI11 takes -1 for the greatest number, and 2^64 too.
std::string check_number(const std::string& text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole ? "" : "'" + text + "' is no number from 0 to 18446744073709551615";
}

Named of_seed(std::uint64_t seed, Bug bug) {
  Named named{"--seed " + std::to_string(seed), draw_plan(seed)};
  named.plan.bug = bug;
  if (bug != Bug::kNone) named.replay += std::string(" --bug ") + to_text(bug);
  return named;
}

int end_of_long(LongBatch& kept, const std::string& code, bool all_marks) {
  Table table;
  table.add(kept.counts());
  auto counts = table.counts();
  std::printf("of the program %s, so far:\n%s", code.c_str(),
              table.text(microseconds(static_cast<std::int64_t>(counts["took us"])), all_marks).c_str());
  bool toothless = false;
  for (const Bug bug : kBugs) {
    const auto were = counts[planted(bug)], found = counts[reported(bug)];
    if (were == 0) continue;
    const bool missed = were >= kCanariesToTell && found == 0;
    toothless = toothless || missed;
    std::printf("%s: planted %llu times, reported %llu times%s\n", to_text(bug), static_cast<unsigned long long>(were),
                static_cast<unsigned long long>(found), missed ? ": the laws have no teeth" : "");
  }
  for (const auto& failure : kept.failures())
    std::printf("FAILED  dure-sim %s  (%s)\n", failure.replay.c_str(), failure.law.c_str());
  const bool blind = all_marks && !table.missing().empty();
  return table.failed() == 0 && !toothless && !blind ? 0 : 1;
}

// Goes on where the last call on the same file stopped, for `options.seeds` more.
int run_long(Options options) {
  options.twice = kTwiceInLong;
  auto code = code_hash();
  auto kept = code ? LongBatch::open(options.long_file, *code) : tl::unexpected(code.error());
  if (!kept) {
    std::fprintf(stderr, "dure-sim: %s\n", kept.error().detail.c_str());
    return kExitConfig;
  }
  for (std::uint64_t done = 0; done < options.seeds; done += LongBatch::kSeedsOfAPiece) {
    const std::uint64_t first = (*kept)->take_piece();
    Batch piece(options);
    for (std::uint64_t n = 0; n < LongBatch::kSeedsOfAPiece; ++n)
      piece.run(of_seed(first + n, Bug::kNone), LongBatch::kSeedsOfAPiece);
    auto counts = piece.table().counts();
    counts["took us"] = static_cast<std::uint64_t>(piece.took() / microseconds(1));
    const Bug bug = kBugs[1 + first / LongBatch::kSeedsOfAPiece % (std::size(kBugs) - 1)];
    ++counts[planted(bug)];
    counts[reported(bug)] += !run_plan(of_seed(first, bug).plan).broken.empty();
    (*kept)->put(counts, piece.failures());
  }
  return end_of_long(**kept, *code, options.all_marks);
}

int run_all(const Options& options) {
  Bug bug = Bug::kNone;
  if (!bug_from_text(options.bug, &bug)) {
    std::fprintf(stderr, "dure-sim: no such bug: %s; there is %s\n", options.bug.c_str(), bug_names().c_str());
    return kExitUsage;
  }
  if (options.seeds > UINT64_MAX - options.from) {
    std::fprintf(stderr, "dure-sim: %llu seeds from %llu: the last one is out of range\n",
                 static_cast<unsigned long long>(options.seeds), static_cast<unsigned long long>(options.from));
    return kExitUsage;
  }
  std::vector<Named> scenarios;
  for (const auto& path : options.scenarios) {
    auto plan = read_plan(path);
    if (!plan) {
      std::fprintf(stderr, "dure-sim: %s\n", plan.error().detail.c_str());
      return kExitConfig;
    }
    if (bug != Bug::kNone) plan->bug = bug;
    scenarios.push_back({"--scenario " + path, std::move(*plan)});
  }
  Batch batch(options);
  for (const auto& named : scenarios) batch.run(named, scenarios.size());
  if (options.seed) batch.run(of_seed(*options.seed, bug), 1);
  for (std::uint64_t n = 0; n < options.seeds && !(options.fail_fast && batch.table().failed() != 0); ++n)
    batch.run(of_seed(options.from + n, bug), options.seeds);
  return batch.end();
}

}  // namespace
}  // namespace dure::sim

int main(int argc, char** argv) {
  google::protobuf::SetLogHandler(nullptr);  // as the program does: hostile clients make it talk
  dure::sim::Options options;
  CLI::App app("The whole cluster in one thread, in virtual time, under faults drawn from a seed, judged by laws.");
  const CLI::Validator number(dure::sim::check_number, "");
  app.add_option("--seeds", options.seeds, "run so many seeds, and print a table")->type_name("N")->check(number);
  app.add_option("--from", options.from, "the first of them")->type_name("S")->capture_default_str()->check(number);
  app.add_option("--seed", options.seed, "run this one")->type_name("S")->check(number);
  app.add_option("--scenario", options.scenarios, "run these plans")->type_name("FILE");
  app.add_flag("--show", options.show, "print the history, one line an event");
  app.add_flag("--plan", options.print_plan, "print the plan as a scenario, and run nothing");
  app.add_flag("--all-marks", options.all_marks, "fail if a required mark was never hit");
  app.add_flag("--fail-fast", options.fail_fast, "of --seeds: stop at the first that breaks a law");
  app.add_option("--twice", options.twice, "run every Nth a second time: the hash must be the same")
      ->type_name("N")
      ->check(number);
  app.add_option("--shrink", options.shrink_to, "make a failing plan small and write it as a scenario")
      ->type_name("FILE");
  app.add_option("--hashes", options.hashes_to, "write a line a run: its seed and its trace hash")->type_name("FILE");
  app.add_option("--long", options.long_file,
                 "with --seeds: go on where the last call on this file stopped; figures add up by the program's hash")
      ->type_name("FILE");
  app.add_option("--bug", options.bug, "plant a deliberate bug: " + dure::sim::bug_names())->type_name("NAME");
  try {
    app.parse(argc, argv);
    if (!options.seed && options.seeds == 0 && options.scenarios.empty())
      throw CLI::RequiredError("--seeds N, --seed S or --scenario FILE");
    if (!options.long_file.empty() && (options.seeds == 0 || options.seed || !options.scenarios.empty()))
      throw CLI::ValidationError("--long", "takes --seeds N and draws them itself");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : dure::sim::kExitUsage;
  }
  if (!options.long_file.empty()) return dure::sim::run_long(options);
  return dure::sim::run_all(options);
}
