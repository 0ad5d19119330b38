// A journal: all that entered one logic thread, turn by turn, and a digest of what left it. The same role code fed with
// it again does the same, to the same crash. Plain bytes; any thread.
//
//   head     "DUREJRNL", u32 format, u32 layout of what crosses (crossing_codec.h)
//   record   u32 size of the body, u32 check (the low half of fnv1a over kind and body), u8 kind, body
//   records  Start, then for each turn: Turn, Drawn* (chance that was asked from outside), TurnEnd
//
// A process that dies leaves a Turn without its TurnEnd, or half a record: the end of the journal, not an error.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/logic/crossing.h"
#include "common/logic/seams.h"

namespace dure {

inline constexpr std::uint32_t kJournalFormat = 2;

struct JournalStart {
  std::string node;  // "general-1", "all-1/general"
  Incarnation incarnation;
  std::string config_path, config;       // the whole file
  std::vector<std::uint64_t> set_aside;  // as its seams say
};
struct JournalTurn {
  MonoTime left{};  // when the effects of the turn before were out; zero: there was none
  MonoTime now{};
  WallTime wall{};
  TurnFigures figures;
  std::vector<Inbound> inputs;
};
struct JournalDrawn {
  std::string bytes;
};
struct JournalTurnEnd {
  std::uint64_t effects = 0, digest = 0;
  friend bool operator==(const JournalTurnEnd&, const JournalTurnEnd&) = default;
};
using JournalRecord = std::variant<JournalStart, JournalTurn, JournalDrawn, JournalTurnEnd>;

// Of all effects of a turn, in order.
JournalTurnEnd digest_of(const std::vector<Outbound>& effects);

std::string journal_head();
void append(const JournalStart& start, std::string* out);
void append(const JournalTurn& turn, const std::vector<Inbound>& inputs, std::string* out);
void append(const JournalDrawn& drawn, std::string* out);
void append(const JournalTurnEnd& end, std::string* out);

class JournalReader {
 public:
  // The bytes are borrowed. kInvalid: not a journal, or of another format or layout.
  static Result<JournalReader> open(std::string_view bytes);
  // Nothing: the journal ends here, whole() or not. kInvalid names the offset of what cannot be read.
  Result<std::optional<JournalRecord>> next();
  std::size_t offset() const { return offset_; }
  // Ended with a whole record.
  bool whole() const { return offset_ == bytes_.size(); }

 private:
  explicit JournalReader(std::string_view bytes);
  std::string_view bytes_;
  std::size_t offset_ = 0;
};

}  // namespace dure
