#include "tools/ledger/ledger_words.h"

#include <charconv>
#include <ctime>

#include "common/proto/operator.pb.h"

namespace dure {

std::string time_text(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

std::string holder_words(const proto::LedgerParty& party, const std::string& player) {
  const std::string letter = "letter " + std::to_string(party.owner()) + (player.empty() ? "" : " for " + player);
  switch (party.kind()) {
    case 0:
      return player;
    case 2:
      return "burnt";
    case 3:
      return letter + ", sent";
    case 4:
      return letter + ", delivered";
    case 5:
      return "held for a trade of " + player;
    case 6:
      return "gone to shard " + std::to_string(party.owner());
    default:
      return "?";
  }
}

std::string account_words(const proto::LedgerParty& party, const std::string& player) {
  switch (party.kind()) {
    case 0:
      return player;
    case 1:
      return "faucet";
    case 2:
      return "sink";
    case 3:
      return party.name() == "move" ? "another shard (move)" : "under way between shards";
    case 4:
      return "letter " + std::to_string(party.owner());
    case 5:
      return "held for a trade";
    default:
      return "?";
  }
}

Result<> parse_item_id(const std::string& text, proto::Uid* out) {
  std::uint64_t halves[2] = {};
  bool good = text.size() == 32;
  for (int i = 0; good && i < 2; ++i) {
    const char* from = text.data() + i * 16;
    const auto [end, error] = std::from_chars(from, from + 16, halves[i], 16);
    good = error == std::errc() && end == from + 16;
  }
  if (!good) return fail(Trouble::kInvalid, "'" + text + "' is no item: 32 hexadecimal digits");
  out->set_high(halves[0]);
  out->set_low(halves[1]);
  return {};
}

}  // namespace dure
