// A character of a rogue's own, which nobody else plays: how it is made and acquired through the stores, and what it
// must be by all that was done with it. Plain values and stories; one thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/logic/task.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/sim/rogue/talk.h"

namespace dure::sim {

using Goods = std::vector<proto::Item>;

struct Character {
  // Distinct from those of all others: kRogue + number, and a name that ends in it.
  explicit Character(std::uint64_t distinct) : number(distinct) {}
  std::uint64_t number;
  std::string account_name;
  std::uint64_t account_id = 0;  // 0: it has none yet
  std::uint32_t shard = 0;
  bool made = false;

  proto::Uid incarnation;  // under which it was acquired last
  std::uint64_t epoch = 0, pseq = 0, settle_seq = 0;
  std::uint64_t creq = 0, creq_hash = 0;  // the last one
  bool creq_aborted = false;
  std::uint64_t ended_epoch = 0, ended_pseq = 0;
  std::map<std::string, std::int64_t> balances;
  std::map<std::pair<std::uint64_t, std::uint64_t>, proto::Item> items;
  struct Hold {
    proto::TradeTerms terms;
    std::uint32_t side = 0;
    std::uint64_t creq = 0, creq_hash = 0;
    Goods goods;
  };
  std::map<std::string, Hold> holds;       // by transaction
  std::vector<proto::InboxEntry> letters;  // unclaimed, as it was told last

  std::uint64_t id() const;
  std::string name() const;
  std::string queue() const;
  std::int64_t balance(const std::string& currency) const;
  std::int64_t reserved(const std::string& currency) const;  // by its open holds

  proto::ApplyRequest request() const;
  // An operation has used up its number.
  void used(const proto::Operation& operation, bool aborted = false);
  void fenced();
  void give(const proto::TradeSide& side);
  void take(const google::protobuf::RepeatedPtrField<proto::Amount>& amounts, const Goods& goods);
  void hold(const proto::Operation& leg, Goods goods);
  // `gets`: the items of a COMMIT.
  void finish(const proto::TradeTerms& terms, bool committed, const Goods& gets);

  // What a grant must say of it, and what one says: equal, or one of them is wrong.
  std::string believed() const;
  static std::string told(const proto::AcquireReply& grant);
  // After a grant is believed.
  void adopt(const proto::AcquireReply& grant);
};

std::string to_text(const proto::Uid& uid);

// Makes what is not made yet; whatever was lost of it before is asked again, and whoever was given up is another then.
Task<void> make(Talk& talk, Character& character);
// Under a new incarnation and a new id. Whoever is not `sure` of its epoch asks for it.
Task<proto::AcquireReply> acquire(Talk& talk, Character& character, bool sure);

}  // namespace dure::sim
