// The rogue's aggregate without an owner: what it has by what was answered, and what was done to it. Plain values, one
// thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "tests/sim/rogue/own_things.h"

namespace dure::sim {

class OwnHoard {
 public:
  struct Record {
    std::int64_t version = 0;  // 0: of a change, not read yet: above all that its key ever had
    std::string body;
  };
  struct Things {
    OwnThings has;
    std::map<std::string, Record> records;
  };
  std::uint64_t id = 0;
  std::string name;
  Things now;
  // Whether it must be read before anything is asked of it.
  bool to_be_read = true;

  void did(const proto::OwnerlessApply& request);
  void may_have_done(const proto::OwnerlessApply& request);
  void arrived(const proto::InboxEntry& letter);
  std::string untrue(const proto::OwnerlessReadReply& read, const Letters& under_way) const;
  void believe(const proto::OwnerlessReadReply& read);

  std::int64_t time() const { return time_ms_; }
  std::int64_t greatest_version(const std::string& key) const;
  const std::vector<proto::OwnerlessApply>& done() const { return done_; }
  // Of these each has one letter.
  const std::vector<proto::OwnerlessApply>& sends() const { return sends_; }

 private:
  std::string difference(const Things& known, const Letters& under_way, const proto::OwnerlessReadReply& read) const;
  std::optional<Things> or_;  // if what was not answered was done
  std::map<std::string, std::int64_t> greatest_;
  std::int64_t time_ms_ = 0;
  std::vector<proto::OwnerlessApply> done_, sends_;
};

}  // namespace dure::sim
