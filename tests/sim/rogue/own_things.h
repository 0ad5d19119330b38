// What one of the rogue's own has, by what it was answered and by nothing else: what its next reading must say. Plain
// values, one thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sim {

using UidKey = std::pair<std::uint64_t, std::uint64_t>;
inline UidKey key_of(const proto::Uid& uid) { return {uid.high(), uid.low()}; }
using Letters = std::map<std::uint64_t, proto::InboxEntry>;

struct OwnThings {
  std::map<std::string, std::int64_t> balances;
  std::map<UidKey, proto::Item> items;
  std::set<std::string> flags;
  std::map<std::string, std::int64_t> counters;
  std::string layout;
  Letters inbox;  // delivered, as was heard
  std::uint64_t creq = 0, creq_hash = 0;

  std::int64_t balance(const std::string& currency) const;
  std::int64_t counter(const std::string& name) const;
  void add(const std::string& currency, std::int64_t amount);
  // As an operation that is STORED leaves it.
  void undergo(const proto::Operation& operation);
  void claim(std::uint64_t message_id);
  // What `send` of `sender` puts into a box; it leaves here.
  void give_away(const proto::Effect::Send& send);
};

proto::InboxEntry letter_of(const proto::Effect::Send& send, const std::string& reason, std::uint64_t sender,
                            const OwnThings& had);
proto::InboxEntry letter_of(const proto::DeliverRequest& letter);

// What a reading says otherwise; empty: nothing. A letter that may be under way may have come, and is then one of
// `now`'s.
std::string difference(const OwnThings& now, const Letters& under_way, const proto::Aggregate& read);
std::string difference(const OwnThings& now, const google::protobuf::RepeatedPtrField<proto::Amount>& balances,
                       const google::protobuf::RepeatedPtrField<proto::Item>& items);
std::string difference_of_letters(const Letters& here, const Letters& under_way,
                                  const google::protobuf::RepeatedPtrField<proto::InboxEntry>& read);

}  // namespace dure::sim
