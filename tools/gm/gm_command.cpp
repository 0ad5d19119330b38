#include "tools/gm/gm_command.h"

#include <sodium.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>

#include "common/base/text.h"
#include "common/proto/cluster.pb.h"

namespace dure {
namespace {

constexpr Duration kValidFor = seconds(30), kValidForTwo = seconds(3600);

Result<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(Trouble::kInvalid, "'" + text + "' is not a number");
  return value;
}

std::string signature_of(const std::string& text, const GmKey& key) {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       reinterpret_cast<const unsigned char*>(key.secret.data()));
  return signature;
}

}  // namespace

std::string take_option(std::vector<std::string>* words, const std::string& name) {
  for (std::size_t i = 0; i + 1 < words->size(); ++i)
    if ((*words)[i] == name) {
      std::string value = (*words)[i + 1];
      words->erase(words->begin() + static_cast<std::ptrdiff_t>(i),
                   words->begin() + static_cast<std::ptrdiff_t>(i) + 2);
      return value;
    }
  return {};
}

std::string gm_usage() {
  return "  announce TEXT                    a line for every player\n"
         "  kick NAME                        closes a character's session\n"
         "  give NAME THING [COUNT]          a stack (gold, potion) or an item (template), by the inbox\n"
         "  feature NAME on|off              a switch of the whole cluster, e.g. shop\n"
         "  ban NAME [--until T] [--reason R]  T: 90m, 7d, 2026-12-01, 2026-12-01T10:00Z, perm (default)\n"
         "  maintenance on|off [--until T]   logins are refused meanwhile\n"
         "  content activate N               that version of the content is played from now on; N is one step away\n"
         "  rollback player NAME MS          as `dure rollback` says it; or: rollback trade ID\n"
         "  open-shard N                     a shard that was restored alone, although something is open\n"
         "  status                           every node says how it is\n"
         "  --as NAME --key FILE …           with another key than gm.key_name and gm.key_file\n"
         "For two persons, e.g. a grant above gm.grant_limit_count:\n"
         "  --with OTTO --draft FILE give …  signs, and writes it to a file for Otto\n"
         "  countersign FILE                 Otto signs what is in the file, and sends it\n";
}

Result<std::int64_t> parse_until(const std::string& text, WallTime now) {
  if (text.empty() || text == "perm") return std::numeric_limits<std::int64_t>::max();
  const char unit = text.back();
  if (unit == 'm' || unit == 'h' || unit == 'd') {
    const auto count = whole_number(text.substr(0, text.size() - 1));
    if (!count || *count <= 0 || *count > 100000) return fail(Trouble::kInvalid, "'" + text + "': 1m to 100000d");
    const std::int64_t unit_ms = unit == 'm' ? 60'000 : unit == 'h' ? 3'600'000 : 86'400'000;
    return unix_ms(now) + *count * unit_ms;
  }
  std::tm when{};
  int used = 0;
  const int fields = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2dZ%n", &when.tm_year, &when.tm_mon, &when.tm_mday,
                                 &when.tm_hour, &when.tm_min, &used);
  const bool day_only = fields == 3 && text.size() == 10;
  const bool valid = when.tm_mon >= 1 && when.tm_mon <= 12 && when.tm_mday >= 1 && when.tm_mday <= 31 &&
                     when.tm_hour < 24 && when.tm_min < 60 && when.tm_hour >= 0 && when.tm_min >= 0;
  if (!valid || !(day_only || (fields == 5 && static_cast<std::size_t>(used) == text.size())))
    return fail(Trouble::kInvalid, "'" + text + "': 90m, 7d, 2026-12-01, 2026-12-01T10:00Z or perm");
  when.tm_year -= 1900;
  when.tm_mon -= 1;
  const std::int64_t ms = static_cast<std::int64_t>(timegm(&when)) * 1000;
  if (ms <= unix_ms(now)) return fail(Trouble::kInvalid, "'" + text + "' has passed");
  return ms;
}

Result<proto::GmCommand> parse_gm(const std::vector<std::string>& given, WallTime now) {
  std::vector<std::string> words = given;
  const std::string until_text = take_option(&words, "--until"), reason = take_option(&words, "--reason");
  if (words.empty()) return fail(Trouble::kInvalid, "say what to do:\n" + gm_usage());
  const std::string verb = words[0];
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  proto::GmCommand command;
  command.set_verb(verb);
  const auto wrong = [&](const std::string& why) {
    return fail(Trouble::kInvalid, verb + ": " + why + "\n" + gm_usage());
  };
  const auto until = parse_until(until_text, now);
  if (!until) return wrong(until.error().detail);
  if (verb == "announce") {
    std::string text;
    for (const auto& word : rest) text += (text.empty() ? "" : " ") + word;
    if (!showable(text, 500)) return wrong("a text of 1 to 500 printable characters");
    command.add_arguments(text);
  } else if (verb == "kick" || verb == "ban") {
    if (rest.size() != 1 || !valid_name(rest[0])) return wrong("one character's name");
    command.add_arguments(rest[0]);
    if (verb == "ban") {
      command.add_arguments(std::to_string(*until));
      command.add_arguments(reason);
    }
  } else if (verb == "give") {
    if (rest.size() < 2 || rest.size() > 3 || !valid_name(rest[0]))
      return wrong("a character's name, what, and how many");
    const auto count = rest.size() == 3 ? whole_number(rest[2]) : Result<std::int64_t>(1);
    if (!count || *count < 1 || *count > 1'000'000) return wrong("1 to 1000000 of it");
    command.add_arguments(rest[0]);
    command.add_arguments(rest[1]);
    command.add_arguments(std::to_string(*count));
  } else if (verb == "feature") {
    if (rest.size() != 2 || (rest[1] != "on" && rest[1] != "off")) return wrong("a feature's name, and on or off");
    command.add_arguments(rest[0]);
    command.add_arguments(rest[1]);
  } else if (verb == "maintenance") {
    if (rest.size() != 1 || (rest[0] != "on" && rest[0] != "off")) return wrong("on or off");
    command.add_arguments(rest[0]);
    command.add_arguments(until_text.empty() ? "0" : std::to_string(*until));
  } else if (verb == "content") {
    const auto version = rest.size() == 2 ? whole_number(rest[1]) : Result<std::int64_t>(0);
    if (rest.size() != 2 || rest[0] != "activate" || !version || *version < 1 || *version > UINT32_MAX)
      return wrong("activate, and a version's number");
    command.add_arguments(rest[0]);
    command.add_arguments(std::to_string(*version));
  } else if (verb == "rollback") {
    const auto to = rest.size() == 3 && rest[0] == "player" ? whole_number(rest[2]) : Result<std::int64_t>(0);
    const bool trade = rest.size() == 2 && rest[0] == "trade" && rest[1].size() == 32;
    if (!trade && (!to || *to <= 0)) return wrong("player, a name, and milliseconds since 1970; or trade, and its id");
    for (const auto& word : rest) command.add_arguments(word);
  } else if (verb == "open-shard") {
    const auto shard = rest.size() == 1 ? whole_number(rest[0]) : Result<std::int64_t>(0);
    if (!shard || *shard < 1 || *shard > UINT32_MAX) return wrong("a shard's number");
    command.add_arguments(rest[0]);
  } else if (verb == "status") {
    if (!rest.empty()) return wrong("takes no more words");
  } else {
    return fail(Trouble::kInvalid, "'" + verb + "' is no command:\n" + gm_usage());
  }
  return command;
}

std::string sign_gm(proto::GmCommand command, const GmKey& key, const std::string& issuer,
                    const std::string& cluster_id, std::uint64_t id, WallTime now) {
  command.set_id(id);
  command.set_issuer(issuer);
  command.set_cluster_id(cluster_id);
  command.set_not_after_unix_ms(unix_ms(now + (issuer.find('+') == std::string::npos ? kValidFor : kValidForTwo)));
  proto::SignedGmCommand out;
  out.set_command(command.SerializeAsString());
  out.set_key_name(issuer);
  out.set_signature(signature_of(out.command(), key));
  return out.SerializeAsString();
}

Result<std::string> countersign_gm(const std::string& signed_by_first, const GmKey& key, const std::string& key_name,
                                   WallTime now, proto::GmCommand* words) {
  proto::SignedGmCommand both;
  if (!both.ParseFromString(signed_by_first) || !words->ParseFromString(both.command()) ||
      both.signature().size() != crypto_sign_BYTES)
    return fail(Trouble::kInvalid, "is not a command that waits for a second signature");
  if (!words->issuer().ends_with("+" + key_name))
    return fail(Trouble::kInvalid, "waits for another's signature: " + words->issuer());
  if (unix_ms(now) > words->not_after_unix_ms()) return fail(Trouble::kInvalid, "is more than an hour old");
  both.mutable_signature()->append(signature_of(both.command(), key));
  return both.SerializeAsString();
}

}  // namespace dure
