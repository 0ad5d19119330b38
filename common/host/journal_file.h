// The journal of one node, written by its logic thread as it goes: each turn before it runs, so that a crash inside it
// is in the file. The format is common/logic/journal.h. It costs a write a turn; there is no limit but the disk.
//
// One thread: the node is made, and then runs, on one at a time. A write that fails is logged once and ends the
// journal, never the node.
#pragma once
#include <memory>
#include <string>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/host/turn_recorder.h"

namespace dure {

class JournalFile : public TurnRecorder {
 public:
  // FOLDER/NODE-INCARNATION.journal ("/" in the node's name becomes "-"). The folder is made if it is not there. kIo.
  static Result<std::unique_ptr<JournalFile>> create(const std::string& folder, const JournalStart& start,
                                                     EventLog& log);
  ~JournalFile() override;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  void turn_begins(const JournalTurn& turn, const std::vector<Inbound>& inputs) override;
  void drawn(std::string_view bytes);
  void turn_ended(const std::vector<Outbound>& effects) override;
  const std::string& path() const { return path_; }

 private:
  JournalFile(std::string path, int file, EventLog& log);
  void write();

  const std::string path_;
  int file_;  // -1: ended
  EventLog& log_;
  std::string buffer_;
};

// Chance from `source`, written down as it is drawn.
class JournaledEntropy : public Entropy {
 public:
  JournaledEntropy(Entropy& source, JournalFile& journal) : source_(source), journal_(journal) {}
  void fill(std::span<std::uint8_t> out) override {
    source_.fill(out);
    journal_.drawn({reinterpret_cast<const char*>(out.data()), out.size()});
  }

 private:
  Entropy& source_;
  JournalFile& journal_;
};

}  // namespace dure
