// What the bots are asked to do. Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/time.h"

namespace dure {

struct BotsOptions {
  std::uint32_t count = 100;
  std::uint32_t first = 1;  // number of the first bot: another process may play the ones before
  // walk, chat, shop, dungeon, zone, trade, mail, auction, guild, party, quest, market, evening, idle
  std::string story = "evening";
  Duration duration = seconds(60);    // of play, from the start; 0: until TERM
  std::vector<std::string> gateways;  // "127.0.0.1:7001", dealt out in turn
  std::string report_path;            // empty: standard output
  std::string history_path;           // empty: none is written
  std::string developer_key;          // file or hexadecimal digits; empty: log in by password
  std::string cluster_id = "local";   // audience of the tickets
  std::string password = "bot-password";
  std::string account_prefix = "bot";  // account "bot00001"
  std::string name_prefix = "Bot";     // character "Botaaab"
  std::string dungeon = "cellar";
  std::vector<std::string> zones = {"town", "field"};
  std::uint32_t ramp_per_s = 500;  // connects
  std::uint32_t logins_at_once_max = 200;
  std::uint32_t protocol_version = 1;
  std::uint32_t content_version = 1;
  Duration reply_deadline = seconds(10);    // of a value request, then of its SAVED
  Duration line_deadline = seconds(5);      // of an own chat line that was accepted
  Duration progress_interval = seconds(5);  // 0: silent
  std::uint64_t seed = 1;
};

}  // namespace dure
