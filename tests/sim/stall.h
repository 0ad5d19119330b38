// What one simulated client does at the auction house: swords that it lists, lots of others that it buys, its own that
// it takes back. One request at a time. Plain.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"
#include "common/game/sample/sample.pb.h"
#include "tests/sim/requests.h"

namespace dure::sim {

class Stall {
 public:
  static constexpr std::int64_t kPriceMost = 40;
  static constexpr std::size_t kLotsMost = 3;  // of its own

  Requests& requests() { return requests_; }
  const Requests& requests() const { return requests_; }
  Requests::Count listed() const { return requests_.count(kLists); }
  Requests::Count bid() const { return requests_.count(kBuys); }

  sample::AuctionListRequest list(std::uint64_t creq, const proto::Uid& sword, Rng* rng);
  // Of what it saw last: a lot of somebody else for at most `gold`, one of its own; none: there is none.
  std::optional<sample::AuctionBuyRequest> buy(std::uint64_t creq, std::uint64_t self, std::int64_t gold, Rng* rng);
  std::optional<sample::AuctionCancelRequest> cancel(std::uint64_t creq, std::uint64_t self, Rng* rng);

  void browsed(const sample::AuctionBrowseReply& reply, std::uint64_t self, MonoTime now);
  std::size_t own_lots(std::uint64_t self) const;
  // It has seen no lot of its own for longer than anything is on its way.
  bool empty(MonoTime now) const;

  void told(const sample::AuctionNotice& notice);
  const std::map<std::string, int>& notices() const { return told_; }

 private:
  enum Kind { kLists, kBuys, kCancels };
  const sample::AuctionLot* any_lot(std::uint64_t self, bool own, std::int64_t gold, Rng* rng) const;
  Requests requests_;
  std::vector<sample::AuctionLot> seen_;
  std::optional<MonoTime> empty_since_;
  std::map<std::string, int> told_;
  std::set<std::uint64_t> refused_;  // lots that are not to be had back, though some may be listed: after a restore
};

}  // namespace dure::sim
