// A character that only the rogue plays: who owns it and how far that one came, what it has, and what it has done that
// can never be done again. Plain values, one thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "tests/sim/rogue/own_things.h"

namespace dure::sim {

struct OwnCharacter {
  enum class State {
    kUnknown,  // something was not answered: it is read before anything else is asked
    kNobodys,  // of this epoch, and nobody's
    kOwned,
  };
  std::uint64_t id = 0;
  std::string name;
  State state = State::kUnknown;
  std::uint64_t epoch = 0, saved = 0;  // in this epoch
  std::uint64_t acquire_id = 0;
  std::uint64_t rejected_saved = 0;  // of the epoch that a REJECTED ended
  OwnThings has;
  std::optional<OwnThings> or_has;  // if what was not answered was done
  std::uint64_t or_saved = 0;       // likewise
  bool is_surmised = true;          // false: nothing is known of what it has
  bool was_read = false;            // ever
  bool was_fenced = false;          // by a REJECTED that was heard: `rejected_saved` is of the epoch before
  // Of today, its reason "loot" has created all the gold that it may.
  bool enough_for_today = false;
  bool day_may_be_full = false;  // that was tried, whatever was heard of it

  std::vector<proto::Effect::DropKey> keys;
  std::vector<std::uint64_t> claimed;
  std::vector<proto::Item> burnt;
  std::vector<proto::Item> burnt_here;  // since its account came: elsewhere nobody knows of them
  std::vector<proto::Operation> sends;  // each of one letter

  bool owned() const { return state == State::kOwned; }
  // These were STORED: the next ones after `saved`.
  void did(const std::vector<proto::Operation>& operations);
  // Whether they were is unknown.
  void may_have_done(const std::vector<proto::Operation>& operations);
  void may_be_anything();
  void was_rejected();
  // What is wrong with who owns it and how far that one came, when something was not answered; empty: nothing.
  std::string untrue_owner(const proto::AcquireReply& reply) const;
  void believe_owner(const proto::AcquireReply& reply);
  // What is wrong with what is read of it; empty: nothing. `ended`: with the epoch that was ended for it.
  std::string untrue(const proto::AcquireReply& grant, const Letters& under_way, bool ended) const;
  // From now on this is what it has.
  void believe(const proto::AcquireReply& grant);

 private:
  void note(const proto::Operation& operation);
};

}  // namespace dure::sim
