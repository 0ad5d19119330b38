#include <algorithm>
#include <cstdio>

#include "common/proto/operator.pb.h"
#include "tools/ledger/ledger_node.h"
#include "tools/ledger/ledger_words.h"

namespace dure {
namespace {

// An audit between commits is some slices late whenever much is committed at once.
constexpr std::uint64_t kBehindMs = 10'000;

}  // namespace

// The agents audit by themselves; this only asks how they stand, and says it once a round.
Task<void> LedgerNode::books_watch() {
  int worst = 0;
  for (std::uint64_t round = 1;; ++round) {
    std::uint64_t entries = 0, accounts = 0, items = 0, stuck = 0, late = 0, findings = 0, passes = UINT64_MAX;
    std::vector<std::string> lines, behind;
    for (const std::uint32_t shard : shards_) {
      const proto::BooksQuery query;
      const Result<proto::BooksReply> books = co_await ask<proto::BooksReply>(shard, query);
      if (!books) {
        lines.push_back("shard " + std::to_string(shard) + " does not answer");
        continue;
      }
      entries += books->entries();
      accounts += books->accounts();
      items += books->items();
      stuck += books->stuck_holds();
      late += books->late_messages();
      findings += books->finding_count();
      passes = std::min<std::uint64_t>(passes, books->passes());
      if (books->behind_ms() >= kBehindMs)
        behind.push_back("shard " + std::to_string(shard) + ": up to " + std::to_string(books->transactions_behind()) +
                         " transactions of the ledger are not looked at yet, for " +
                         std::to_string(books->behind_ms() / 1000) + " s");
      for (const auto& finding : books->findings()) lines.push_back("shard " + std::to_string(shard) + ": " + finding);
    }
    const bool off = stuck + late + findings > 0 || !lines.empty();
    std::printf(
        "%s  %s: %llu passes over all, %llu accounts, %llu items, %llu entries as they came, %llu stuck holds, "
        "%llu late messages, %llu findings\n",
        time_text(unix_ms(wall_now())).c_str(),
        off               ? "ALARM"
        : !behind.empty() ? "BEHIND"
                          : "clean",
        static_cast<unsigned long long>(passes == UINT64_MAX ? 0 : passes), static_cast<unsigned long long>(accounts),
        static_cast<unsigned long long>(items), static_cast<unsigned long long>(entries),
        static_cast<unsigned long long>(stuck), static_cast<unsigned long long>(late),
        static_cast<unsigned long long>(findings));
    for (const auto& line : lines) std::printf("  %s\n", line.c_str());
    for (const auto& line : behind) std::printf("  %s\n", line.c_str());
    std::fflush(stdout);
    if (off || !behind.empty()) worst = 1;
    if (options_.rounds != 0 && round >= options_.rounds) co_return end(worst);
    co_await wait(options_.every);
  }
}

}  // namespace dure
