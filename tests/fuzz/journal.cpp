// Any bytes as a journal, whole or the piece behind a record's check sum: read to an end or an error within the bytes;
// what was read is written so that it reads the same.
#include "common/logic/journal.h"

#include "common/base/check.h"
#include "common/logic/crossing_codec.h"
#include "tests/fuzz/input.h"

namespace dure {
namespace {

void append_record(const JournalRecord& record, std::string* out) {
  if (const auto* start = std::get_if<JournalStart>(&record)) append(*start, out);
  if (const auto* turn = std::get_if<JournalTurn>(&record)) append(*turn, turn->inputs, out);
  if (const auto* drawn = std::get_if<JournalDrawn>(&record)) append(*drawn, out);
  if (const auto* end = std::get_if<JournalTurnEnd>(&record)) append(*end, out);
}

void read_journal(std::string_view bytes) {
  auto reader = JournalReader::open(bytes);
  if (!reader) {
    CHECK(!reader.error().detail.empty());
    return;
  }
  for (;;) {
    const std::size_t before = reader->offset();
    const auto record = reader->next();
    CHECK(reader->offset() <= bytes.size());
    if (!record || !*record) return;
    CHECK(reader->offset() > before);
    std::string again = journal_head();
    append_record(**record, &again);
    auto second = JournalReader::open(again);
    const auto same = second->next();
    CHECK(same && *same && second->whole());
    std::string third = journal_head();
    append_record(**same, &third);
    CHECK(third == again);
  }
}

// As one turn's inputs, behind a head and a check sum that are right.
void read_inputs(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t before = bytes.size();
    const auto inbound = decode_inbound(&bytes);
    CHECK(bytes.size() <= before);
    if (!inbound) return;
    CHECK(bytes.size() < before);
    std::string again, third;
    encode(*inbound, &again);
    std::string_view rest = again;
    const auto same = decode_inbound(&rest);
    CHECK(same && rest.empty());
    encode(*same, &third);
    CHECK(third == again);
  }
}

}  // namespace
}  // namespace dure

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dure::fuzz::Input input(data, size);
  const bool inputs = input.byte() % 2 == 1;
  if (inputs)
    dure::read_inputs(input.rest());
  else
    dure::read_journal(input.rest());
  return 0;
}
