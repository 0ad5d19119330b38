// Client requests that may be repeated: what a request number means to this owner. Numbers rise per character and are
// kept across reconnects; the row keeps the last one with its content hash and result. Logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace dure {

class CreqLedger {
 public:
  enum class Verdict {
    kExecute,     // new: run it
    kStored,      // seen with the same content: stored_reply() is the answer (empty: done in an earlier epoch)
    kAborted,     // its trade was aborted: nothing moved
    kRunning,     // seen with the same content; its conversation, or its trade, has not ended
    kConflict,    // the number was used with other content
    kSuperseded,  // a higher number was seen: will not be executed from now on, may have been done
  };
  // From GRANT.
  void load(std::uint64_t last_creq, std::uint64_t hash, bool aborted);
  Verdict ask(std::uint64_t creq, std::uint64_t hash) const;
  const std::string& stored_reply(std::uint64_t creq) const;
  // A conversation about it begins; record() ends it.
  void begin(std::uint64_t creq, std::uint64_t hash);
  // What was answered: an executed request, or one that was refused (kept in memory; nothing durable).
  void record(std::uint64_t creq, std::uint64_t hash, std::string reply);
  // Answered BUSY, and nothing was done: it may be asked again under its number, until a higher one is seen.
  void put_off(std::uint64_t creq, std::uint64_t hash);
  // It agreed to a trade that was found undecided at ACQUIRE: until settled() it is as if it still ran.
  void open(std::uint64_t creq);
  // What became of the trade that it agreed to. Aborted: what was answered (APPLIED) has come to nothing.
  void settled(std::uint64_t creq, bool committed);
  std::uint64_t highest() const { return highest_; }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::string reply;
    bool running = false, aborted = false, put_off = false;
  };
  Entry& entry(std::uint64_t creq, std::uint64_t hash);
  std::uint64_t loaded_ = 0, loaded_hash_ = 0, highest_ = 0;
  bool loaded_aborted_ = false;
  std::map<std::uint64_t, Entry> entries_;  // of this epoch, the last 64, and all that run
  std::set<std::uint64_t> open_;            // of earlier epochs
};

}  // namespace dure
