// Lists what it can spare, looks at the lots, buys one it can pay, takes one of its own back now and then, and sees to
// it (tools/bots/market.h) that a lot goes to one of them, and its price to its seller once. One offer at a time: each
// ends in BOUGHT or in the gold coming back.
#pragma once
#include <cstdint>
#include <map>
#include <set>

#include "tools/bots/own_model.h"
#include "tools/bots/stories/habit.h"

namespace dure {

class AuctionHabit : public Habit {
 public:
  explicit AuctionHabit(Duration about) : about_(about) {}
  Duration act(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) override;
  void on_listed(Bot& bot, const sample::AuctionListReply& reply) override;
  void on_lots(Bot& bot, const sample::AuctionBrowseReply& reply) override;
  void on_auction(Bot& bot, const sample::AuctionNotice& notice) override;
  void close(Bot& bot) override;

 private:
  struct Offer {
    std::int64_t price = 0;
    Change goods;
  };
  bool list(Bot& bot);
  bool buy(Bot& bot);
  bool cancel(Bot& bot);
  void wrong(Bot& bot, std::uint64_t lot, const std::string& what);

  Duration about_;
  bool begun_ = false;
  MonoTime arrived_{};
  std::map<std::uint64_t, Offer> seen_;            // lots of others, as last shown
  std::map<std::uint64_t, std::int64_t> listing_;  // creq → price, until answered
  std::set<std::uint64_t> own_;                    // listed, and nothing heard of them since
  std::uint64_t offer_ = 0, buying_ = 0;           // the lot that is bid for; the request's creq
  std::int64_t offered_ = 0;
  Change goods_;  // of that lot
  MonoTime offered_at_{};
  std::uint64_t done_ = 0;
};

}  // namespace dure
