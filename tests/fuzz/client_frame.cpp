// A stranger's bytes into the frame decoder: cut whole or fed in two pieces they give the same frames, nothing outside
// of them is read, and what was decoded encodes to the same bytes.
#include "common/proto/client_frame.h"

#include "common/base/check.h"
#include "tests/fuzz/input.h"

namespace dure {
namespace {

constexpr std::size_t kBodyMax = 1024;

// Cuts frames until no whole one is left; how the rest stands.
FrameState cut_all(std::string_view* bytes, std::string* seen) {
  for (;;) {
    const FrameCut cut = cut_frame(*bytes, kBodyMax);
    if (cut.state != FrameState::kWhole) return cut.state;
    CHECK(cut.bytes >= kFrameHeaderBytes && cut.bytes <= bytes->size());
    CHECK(cut.frame.body.size() <= kBodyMax);
    const std::string again = encode_frame(cut.frame.message_id, cut.frame.seq, cut.frame.body);
    CHECK(again == bytes->substr(0, cut.bytes));
    *seen += again;
    bytes->remove_prefix(cut.bytes);
  }
}

}  // namespace
}  // namespace dure

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dure::fuzz::Input input(data, size);
  const std::size_t split = input.below(size + 1);
  const std::string all(input.rest());

  std::string whole_seen, pieces_seen;
  std::string_view whole = all;
  const auto whole_state = dure::cut_all(&whole, &whole_seen);

  const std::string first = all.substr(0, split);
  std::string_view kept = first;
  auto pieces_state = dure::cut_all(&kept, &pieces_seen);
  if (pieces_state == dure::FrameState::kBad) {
    CHECK(whole_state == dure::FrameState::kBad);
  } else {
    const std::string joined = std::string(kept) + (split < all.size() ? all.substr(split) : std::string());
    std::string_view rest = joined;
    pieces_state = dure::cut_all(&rest, &pieces_seen);
    CHECK(pieces_state == whole_state);
  }
  CHECK(pieces_seen == whole_seen);
  return 0;
}
