// What the bots of one process have listed and bought, so that a lot is seen to go to one of them and its price to its
// seller, once. Lots of others are known only by what one did with them. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace dure {

class Market {
 public:
  void listed(std::uint64_t lot, const std::string& seller, std::int64_t price) {
    lots_[lot].seller = seller;
    lots_[lot].price = price;
  }
  // What is wrong; empty: nothing.
  std::string bought(std::uint64_t lot) {
    Lot& of = lots_[lot];
    if (of.returned) return "sold after it went home";
    return ++of.bought > 1 ? "bought twice" : "";
  }
  std::string sold(std::uint64_t lot, const std::string& by, std::int64_t gold) {
    Lot& of = lots_[lot];
    if (of.returned) return "sold after it went home";
    if (++of.sold > 1) return "paid twice";
    if (of.seller.empty()) return "";
    if (of.seller != by) return "paid to another than its seller";
    return of.price == gold ? "" : "another price was paid";
  }
  std::string returned(std::uint64_t lot, const std::string& by) {
    Lot& of = lots_[lot];
    if (of.returned) return "went home twice";
    of.returned = true;
    if (of.bought + of.sold > 0) return "went home after it was sold";
    return of.seller.empty() || of.seller == by ? "" : "went home to another than its seller";
  }

 private:
  struct Lot {
    std::string seller;
    std::int64_t price = 0;
    int bought = 0, sold = 0;
    bool returned = false;
  };
  std::map<std::uint64_t, Lot> lots_;
};

}  // namespace dure
