#include "common/logic/journal.h"

#include "common/base/bytes.h"
#include "common/base/hash.h"
#include "common/logic/crossing_codec.h"

namespace dure {
namespace {

constexpr std::string_view kMagic = "DUREJRNL";
constexpr std::size_t kHeadBytes = 16, kRecordHeadBytes = 9;
enum class Kind : std::uint8_t { kStart = 1, kTurn = 2, kDrawn = 3, kTurnEnd = 4 };

template <class T>
void put(T value, std::string* out) {
  char bytes[sizeof value];
  store_le(bytes, value);
  out->append(bytes, sizeof bytes);
}
void put_text(std::string_view text, std::string* out) {
  put(static_cast<std::uint32_t>(text.size()), out);
  out->append(text);
}

std::uint32_t check_of(std::string_view kind_and_body) { return static_cast<std::uint32_t>(fnv1a(kind_and_body)); }

// Opens a record, lets `body` append to it, and closes it.
void record(Kind kind, std::string* out, const auto& body) {
  const std::size_t at = out->size();
  out->append(kRecordHeadBytes, '\0');
  body();
  char* head = out->data() + at;
  head[8] = static_cast<char>(kind);
  const std::string_view checked(head + 8, out->size() - at - 8);
  store_le(head, static_cast<std::uint32_t>(checked.size() - 1));
  store_le(head + 4, check_of(checked));
}

// Reads fields; what is missing makes it bad, and stays zero.
struct Fields {
  std::string_view rest;
  bool good = true;

  template <class T>
  T number() {
    if (rest.size() < sizeof(T)) good = false;
    if (!good) return {};
    const T value = load_le<T>(rest.data());
    rest.remove_prefix(sizeof(T));
    return value;
  }
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (size > rest.size()) good = false;
    if (!good) return {};
    std::string value(rest.substr(0, size));
    rest.remove_prefix(size);
    return value;
  }
  MonoTime mono() { return MonoTime(Duration(number<std::int64_t>())); }
};

Result<JournalRecord> read_start(Fields& in) {
  JournalStart start;
  start.node = in.text();
  start.incarnation = {in.number<std::uint64_t>(), in.number<std::uint64_t>()};
  start.config_path = in.text();
  start.config = in.text();
  const auto count = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; in.good && i < count; ++i) start.set_aside.push_back(in.number<std::uint64_t>());
  return start;
}

Result<JournalRecord> read_turn(Fields& in) {
  JournalTurn turn;
  turn.left = in.mono();
  turn.now = in.mono();
  turn.wall = WallTime(Duration(in.number<std::int64_t>()));
  turn.figures = {in.number<std::uint64_t>(), in.number<std::uint64_t>()};
  const auto count = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; in.good && i < count; ++i) {
    auto input = decode_inbound(&in.rest);
    if (!input) return tl::unexpected(input.error());
    turn.inputs.push_back(std::move(*input));
  }
  return turn;
}

Result<JournalRecord> read_body(Kind kind, Fields& in) {
  if (kind == Kind::kStart) return read_start(in);
  if (kind == Kind::kTurn) return read_turn(in);
  if (kind == Kind::kDrawn) return JournalRecord(JournalDrawn{in.text()});
  if (kind == Kind::kTurnEnd)
    return JournalRecord(JournalTurnEnd{in.number<std::uint64_t>(), in.number<std::uint64_t>()});
  return fail(Trouble::kInvalid, "a record of the unknown kind " + std::to_string(static_cast<int>(kind)));
}

}  // namespace

JournalTurnEnd digest_of(const std::vector<Outbound>& effects) {
  JournalTurnEnd end{effects.size(), fnv1a({})};
  std::string bytes;
  for (const Outbound& effect : effects) {
    bytes.clear();
    encode(effect, &bytes);
    end.digest = fnv1a(bytes, end.digest);
  }
  return end;
}

std::string journal_head() {
  std::string head(kMagic);
  put(kJournalFormat, &head);
  put(kCrossingLayout, &head);
  return head;
}

void append(const JournalStart& start, std::string* out) {
  record(Kind::kStart, out, [&] {
    put_text(start.node, out);
    put(start.incarnation.high, out);
    put(start.incarnation.low, out);
    put_text(start.config_path, out);
    put_text(start.config, out);
    put(static_cast<std::uint32_t>(start.set_aside.size()), out);
    for (const std::uint64_t fingerprint : start.set_aside) put(fingerprint, out);
  });
}

void append(const JournalTurn& turn, const std::vector<Inbound>& inputs, std::string* out) {
  record(Kind::kTurn, out, [&] {
    put(std::int64_t{turn.left.time_since_epoch().count()}, out);
    put(std::int64_t{turn.now.time_since_epoch().count()}, out);
    put(std::int64_t{turn.wall.time_since_epoch().count()}, out);
    put(turn.figures.input_wait_p99_us, out);
    put(turn.figures.turn_p99_us, out);
    put(static_cast<std::uint32_t>(inputs.size()), out);
    for (const Inbound& input : inputs) encode(input, out);
  });
}

void append(const JournalDrawn& drawn, std::string* out) {
  record(Kind::kDrawn, out, [&] { put_text(drawn.bytes, out); });
}

void append(const JournalTurnEnd& end, std::string* out) {
  record(Kind::kTurnEnd, out, [&] {
    put(end.effects, out);
    put(end.digest, out);
  });
}

JournalReader::JournalReader(std::string_view bytes) : bytes_(bytes), offset_(kHeadBytes) {}

Result<JournalReader> JournalReader::open(std::string_view bytes) {
  if (bytes.size() < kHeadBytes || !bytes.starts_with(kMagic))
    return fail(Trouble::kInvalid, "offset 0: this is not a journal");
  const auto format = load_le<std::uint32_t>(bytes.data() + 8), layout = load_le<std::uint32_t>(bytes.data() + 12);
  if (format != kJournalFormat || layout != kCrossingLayout)
    return fail(Trouble::kInvalid, "offset 8: a journal of format " + std::to_string(format) + "." +
                                       std::to_string(layout) + "; this program replays " +
                                       std::to_string(kJournalFormat) + "." + std::to_string(kCrossingLayout));
  return JournalReader(bytes);
}

Result<std::optional<JournalRecord>> JournalReader::next() {
  const std::string_view rest = bytes_.substr(offset_);
  if (rest.size() < kRecordHeadBytes) return std::nullopt;
  const auto size = load_le<std::uint32_t>(rest.data());
  if (rest.size() - kRecordHeadBytes < size) return std::nullopt;
  const auto wrong = [&](const std::string& why) {
    return fail(Trouble::kInvalid, "offset " + std::to_string(offset_) + ": " + why);
  };
  const std::string_view checked = rest.substr(8, std::size_t{size} + 1);
  if (check_of(checked) != load_le<std::uint32_t>(rest.data() + 4)) return wrong("these bytes were changed");
  Fields fields{checked.substr(1)};
  auto record = read_body(static_cast<Kind>(checked[0]), fields);
  if (!record) return wrong(record.error().detail);
  if (!fields.good || !fields.rest.empty()) return wrong("a record of another length than its fields");
  offset_ += kRecordHeadBytes + size;
  return std::optional<JournalRecord>(std::move(*record));
}

}  // namespace dure
