#include "common/host/flight_recorder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "common/base/bytes.h"
#include "common/logic/crossing_codec.h"

namespace dure {
namespace {

constexpr std::string_view kMagic = "DUREFLGT";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kHeadBytes = 4096, kFileBytes = kHeadBytes + kFlightRingBytes;
constexpr std::size_t kFormatAt = 8, kLayoutAt = 12, kHeadAt = 16, kTailAt = 24, kOpenAt = 32, kNameAt = 36,
                      kReadingAt = kHeadBytes - 8;
constexpr int kEndsMax = 2;                  // of lives in the same input
constexpr std::size_t kRecordHeadBytes = 9;  // of a journal's record; its first four are the body's size

std::string kept_path(const std::string& folder, const std::string& name, int number) {
  return folder + "/" + name + "-" + std::to_string(number) + ".flight";
}

// Leaves the last flights of the node that ended badly, the newest as number 1.
void put_aside(const std::string& folder, const std::string& name, EventLog& log) {
  const auto numbered = [&](int n) { return kept_path(folder, name, n); };
  std::error_code unimportant;
  for (int n = kFlightsKept - 1; n >= 1; --n) std::filesystem::rename(numbered(n), numbered(n + 1), unimportant);
  std::filesystem::rename(folder + "/" + name + ".flight", numbered(1), unimportant);
  log.event(LogLevel::kWarning, "flight.kept",
            {{"node", name}, {"path", numbered(1)}, {"because", "its last life ended without closing it"}});
}

bool left_open(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  char head[kOpenAt + 1];
  return in.read(head, sizeof head) && std::string_view(head, kMagic.size()) == kMagic && head[kOpenAt] != 0;
}

// What ended more than one of the lives that are kept.
std::vector<std::uint64_t> deadly_inputs(const std::string& folder, const std::string& name, EventLog& log) {
  std::map<std::uint64_t, int> ends;
  for (int n = 1; n <= kFlightsKept; ++n)
    if (const auto flight = read_flight(kept_path(folder, name, n)); flight && flight->reading != 0)
      ++ends[flight->reading];
  std::vector<std::uint64_t> deadly;
  for (const auto& [fingerprint, count] : ends) {
    if (count < kEndsMax) continue;
    deadly.push_back(fingerprint);
    log.event(LogLevel::kError, "input.set_aside",
              {{"node", name},
               {"fingerprint", fingerprint},
               {"lives_ended", count},
               {"read_again", "when " + folder + "/" + name + "-*.flight are deleted"}});
  }
  return deadly;
}

void ring_copy(char* ring, std::uint64_t at, std::string_view bytes) {
  const std::size_t offset = at % kFlightRingBytes, first = std::min(bytes.size(), kFlightRingBytes - offset);
  std::memcpy(ring + offset, bytes.data(), first);
  std::memcpy(ring, bytes.data() + first, bytes.size() - first);
}

std::string ring_read(const char* ring, std::uint64_t at, std::size_t count) {
  const std::size_t offset = at % kFlightRingBytes, first = std::min(count, kFlightRingBytes - offset);
  std::string bytes(ring + offset, first);
  bytes.append(ring, count - first);
  return bytes;
}

}  // namespace

Result<std::unique_ptr<FlightRecorder>> FlightRecorder::open(const std::string& folder, const std::string& node,
                                                             EventLog& log) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Trouble::kIo, folder + ": " + error.message());
  std::string name = node;
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string path = folder + "/" + name + ".flight";
  if (left_open(path)) put_aside(folder, name, log);
  // Never cut short: a process that still has the old file mapped would die of it.
  std::filesystem::remove(path, error);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const auto failed = [&] { return fail(Trouble::kIo, path + ": " + std::strerror(errno)); };
  if (file < 0) return failed();
  // All of it is really there: a mapped page that the disk has no room for would kill the process.
  const int no_room = ::posix_fallocate(file, 0, kFileBytes);
  void* mapped = no_room != 0 ? MAP_FAILED : ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (no_room != 0) errno = no_room;
  const auto trouble = failed();
  ::close(file);
  if (mapped == MAP_FAILED) {
    std::filesystem::remove(path, error);  // what there was room for is needed elsewhere
    return trouble;
  }
  char* head = static_cast<char*>(mapped);
  std::memcpy(head, kMagic.data(), kMagic.size());
  store_le(head + kFormatAt, kFormat);
  store_le(head + kLayoutAt, kCrossingLayout);
  const std::string_view kept = std::string_view(name).substr(0, kReadingAt - kNameAt - 4);
  store_le(head + kNameAt, static_cast<std::uint32_t>(kept.size()));
  std::memcpy(head + kNameAt + 4, kept.data(), kept.size());
  head[kOpenAt] = 1;
  return std::unique_ptr<FlightRecorder>(new FlightRecorder(head, deadly_inputs(folder, name, log)));
}

FlightRecorder::FlightRecorder(char* mapped, std::vector<std::uint64_t> set_aside)
    : mapped_(mapped),
      reading_(reinterpret_cast<std::uint64_t*>(mapped + kReadingAt)),
      set_aside_(std::move(set_aside)) {}

FlightRecorder::~FlightRecorder() {
  mapped_[kOpenAt] = 0;
  ::munmap(mapped_, kFileBytes);
}

void FlightRecorder::turn_begins(const JournalTurn& turn, const std::vector<Inbound>& inputs) {
  append(turn, inputs, &record_);
  if (record_.size() > kFlightRingBytes / 4) {
    record_.clear();
    append(turn, {}, &record_);
  }
  add();
}

void FlightRecorder::turn_ended(const std::vector<Outbound>& effects) {
  append(JournalTurnEnd{effects.size(), 0}, &record_);
  add();
}

void FlightRecorder::drop_oldest() {
  const std::string size = ring_read(mapped_ + kHeadBytes, tail_, sizeof(std::uint32_t));
  tail_ += kRecordHeadBytes + load_le<std::uint32_t>(size.data());
}

// The old is let go before it is written over, the new counts only when it is whole.
void FlightRecorder::add() {
  while (head_ + record_.size() - tail_ > kFlightRingBytes) drop_oldest();
  store_le(mapped_ + kTailAt, tail_);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  ring_copy(mapped_ + kHeadBytes, head_, record_);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  head_ += record_.size();
  store_le(mapped_ + kHeadAt, head_);
  record_.clear();
}

Result<Flight> read_flight(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Trouble::kIo, path + ": " + std::strerror(errno));
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (bytes.size() != kFileBytes || !bytes.starts_with(kMagic))
    return fail(Trouble::kInvalid, path + ": offset 0: this is no flight record");
  if (load_le<std::uint32_t>(bytes.data() + kFormatAt) != kFormat ||
      load_le<std::uint32_t>(bytes.data() + kLayoutAt) != kCrossingLayout)
    return fail(Trouble::kInvalid, path + ": offset 8: written by a program of another version");
  const auto head = load_le<std::uint64_t>(bytes.data() + kHeadAt),
             tail = load_le<std::uint64_t>(bytes.data() + kTailAt);
  const auto name = load_le<std::uint32_t>(bytes.data() + kNameAt);
  if (head < tail || head - tail > kFlightRingBytes || name > kReadingAt - kNameAt - 4)
    return fail(Trouble::kInvalid, path + ": offset 16: these bytes were changed");
  Flight flight;
  flight.node = bytes.substr(kNameAt + 4, name);
  flight.closed = bytes[kOpenAt] == 0;
  flight.reading = load_le<std::uint64_t>(bytes.data() + kReadingAt);
  flight.journal = journal_head() + ring_read(bytes.data() + kHeadBytes, tail, head - tail);
  return flight;
}

}  // namespace dure
