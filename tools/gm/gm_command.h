// A game master's words as a signed command. Pure, but for the randomness of the id; any thread.
#pragma once
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "tools/gm/gm_key.h"

namespace dure {

namespace proto {
class GmCommand;
}

// What may be said, one line a verb.
std::string gm_usage();
// ["ban", "Anna", "--until", "7d"] → verb and arguments, checked; the error says what is allowed.
[[nodiscard]] Result<proto::GmCommand> parse_gm(const std::vector<std::string>& words, WallTime now);
// "2026-12-01", "2026-12-01T10:00Z", "90m", "7d", "perm" → milliseconds since 1970, or an error.
[[nodiscard]] Result<std::int64_t> parse_until(const std::string& text, WallTime now);
// Takes `--name VALUE` out of the words; empty: it was not there.
std::string take_option(std::vector<std::string>* words, const std::string& name);

// An encoded SignedGmCommand: id, issuer, audience and expiry filled in. An issuer "anna+otto" is two persons': this is
// the first one's signature, and there is an hour for the second.
std::string sign_gm(proto::GmCommand command, const GmKey& key, const std::string& issuer,
                    const std::string& cluster_id, std::uint64_t id, WallTime now);
// Adds the second one's signature to what the first has signed; `words`: what was signed, to be looked at.
[[nodiscard]] Result<std::string> countersign_gm(const std::string& signed_by_first, const GmKey& key,
                                                 const std::string& key_name, WallTime now, proto::GmCommand* words);

}  // namespace dure
