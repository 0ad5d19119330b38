// Buys and sells cheap things at the nearest npc, drinks a potion now and then, and knows what each of these will do to
// its gold. One request at a time: the next one when the last was answered.
#pragma once
#include <map>
#include <set>
#include <string>

#include "tools/bots/stories/habit.h"

namespace dure {

class ShopHabit : public Habit {
 public:
  explicit ShopHabit(Duration about) : about_(about) {}
  Duration act(Bot& bot) override;
  void close(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_shop_list(Bot& bot, const sample::ShopListReply& reply) override;
  void on_content(Bot& bot, const proto::ContentChanged& notice) override;
  void on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) override;

 private:
  struct Offer {
    std::int64_t buy_price = 0, sell_price = 0;
    bool stack = false;
  };
  void read_again();
  bool buy(Bot& bot);
  bool sell(Bot& bot);
  bool use(Bot& bot);

  Duration about_;
  std::string npc_;
  std::map<std::string, Offer> offers_;
  bool listed_ = false;
  std::set<std::string> dear_;   // npcs that sell nothing cheap
  std::int64_t near_cm_ = 1500;  // nearer after each TOO_FAR
};

}  // namespace dure
