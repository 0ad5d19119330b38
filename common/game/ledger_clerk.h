// Works on one aggregate without an owner (an auction house, a guild's bank) for a feature: finds or founds it, reads
// it, applies what the feature's rule makes of it, again and again under the same number until it is answered. The
// database guards each change by the versions of the records it was computed from, so any number of clerks may work on
// the same aggregate at the same time, zombies among them; the holder of a place ("auction/1") is only the one who is
// expected to. Logic thread only; outlives its conversations (they belong to the node).
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/logic/node.h"
#include "common/proto/dbagent.pb.h"

namespace dure {

class LedgerClerk {
 public:
  // The aggregate as it was at one moment.
  struct Book {
    std::map<std::string, proto::OwnerlessRecord> records;
    std::map<std::string, std::int64_t> balances;
    std::vector<proto::Item> items;
    std::vector<proto::InboxEntry> inbox;  // unclaimed, oldest first; of many those that are next. As they were written
    std::int64_t shard_time_ms = 0;        // never goes back
    bool refused = false;                  // what the rule made of this entry just now: it may have another answer
  };
  // What a deposit is to bring about, besides being claimed: sends and records. A pure function: it is asked again when
  // the book has changed meanwhile, or the database was put back. Answers to one entry that exclude each other have the
  // same number, so that it is answered once.
  using Rule = std::function<void(const Book&, const proto::InboxEntry&, proto::OwnerlessApply*)>;
  // What is to change without a deposit (an expiry, a withdrawal). A code other than 0: nothing is, and why.
  using Change = std::function<int(const Book&, proto::OwnerlessApply*)>;

  // `name` is unique in the cluster and no character's: it has a ':' in it.
  LedgerClerk(Node& node, std::string name) : node_(node), name_(std::move(name)) {}
  // One that was founded before; its name is learnt by open(false).
  LedgerClerk(Node& node, std::uint64_t aggregate) : node_(node), aggregate_(aggregate) {}

  // Where it is; founded when it is missing and `found` says so. Repeatable: whatever died half-way is gone on with.
  // kRefused: it does not exist, or the name is reserved by somebody else's founding at this moment.
  Task<Result<std::uint64_t>> open(bool found);
  std::uint64_t aggregate() const { return aggregate_; }
  const std::string& name() const { return name_; }

  Task<Result<Book>> read();
  // Claims what waits, each entry with what the rule adds; kSettledAtOnce of them, then its caller has something else
  // to do first, perhaps. How many; kRefused: the rule's operation cannot pass, the entry stays. One of which neither
  // answer can be given because another one was sent (after a restore) is kept without an answer, once nothing else can
  // change that: event clerk.kept.
  static constexpr int kSettledAtOnce = 100;
  Task<Result<int>> work_through(Rule rule);
  // The rule's code; 0: done and SAVED.
  Task<Result<int>> change(std::string reason, Change rule);

  // For rules: the entry goes back to whoever sent it, with everything.
  static void send_back(const proto::InboxEntry& entry, std::uint64_t message_id, proto::OwnerlessApply* operation);
  static void put_record(const Book& book, const std::string& key, const std::string& body,
                         proto::OwnerlessApply* operation);
  static void remove_record(const Book& book, const std::string& key, proto::OwnerlessApply* operation);

 private:
  enum class Applied { kDone, kOther, kRefused, kSentOtherwise };
  // Until it is answered for good; the same operation id throughout.
  Task<Result<Applied>> apply(proto::OwnerlessApply operation);
  Task<Result<bool>> locate();
  Task<Result<>> found();
  // Asks until the answer is neither RETRY nor lost, a bounded number of times.
  template <class Reply, class Request>
  Task<Result<Reply>> insist(NodeId to, Request request);

  Node& node_;
  std::string name_;
  std::uint64_t aggregate_ = 0;
  std::uint32_t shard_ = 0;
  std::set<std::uint64_t> refused_;  // entries that the rule could not settle: not tried again before others are
};

}  // namespace dure
