// The last inputs of a node, always kept: a ring of journal records (common/logic/journal.h) in a mapped file, so that
// it outlives its process whatever that died of. `dure flight FILE` prints it.
//
// One logic thread. A turn costs a copy of its inputs and no system call. What a life before did not close is put aside
// at the next start as NODE-N.flight, the last kFlightsKept of them. A turn of more than a quarter of the ring is kept
// without its inputs.
// The client's input that was being read when it ended is kept by its fingerprint; what ended two of the lives that are
// kept is set aside in the next: an input that crashes its reader takes it down twice, not for ever. To have it read
// again, delete the files.
//
//   file   4096 bytes: "DUREFLGT", u32 format, u32 layout, u64 head, u64 tail, u8 open, u32 size and name of the node;
//          in its last 8 bytes the fingerprint; then the ring. head and tail count all bytes ever written and dropped;
//          a record may wrap.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/host/turn_recorder.h"

namespace dure {

inline constexpr std::size_t kFlightRingBytes = 1 << 20;
inline constexpr int kFlightsKept = 5;

class FlightRecorder : public TurnRecorder {
 public:
  // FOLDER/NODE.flight ("/" in the node's name becomes "-"); the folder is made if it is not there. kIo.
  static Result<std::unique_ptr<FlightRecorder>> open(const std::string& folder, const std::string& node,
                                                      EventLog& log);
  // For the node's seams.
  std::uint64_t* reading() { return reading_; }
  const std::vector<std::uint64_t>& set_aside() const { return set_aside_; }
  // Marks it closed: nothing happened.
  ~FlightRecorder() override;
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  void turn_begins(const JournalTurn& turn, const std::vector<Inbound>& inputs) override;
  void turn_ended(const std::vector<Outbound>& effects) override;

 private:
  FlightRecorder(char* mapped, std::vector<std::uint64_t> set_aside);
  void add();
  void drop_oldest();

  char* const mapped_;
  std::uint64_t* const reading_;
  const std::vector<std::uint64_t> set_aside_;
  std::uint64_t head_ = 0, tail_ = 0;
  std::string record_;
};

struct Flight {
  std::string node;
  bool closed = false;
  std::uint64_t reading = 0;  // the fingerprint of the client's input it ended in; 0: in none
  std::string journal;        // head and records, for a JournalReader
};
// kInvalid with the offset of what cannot be read; kIo.
[[nodiscard]] Result<Flight> read_flight(const std::string& path);

}  // namespace dure
