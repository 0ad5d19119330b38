// A scripted player at the client's end: logs in by password, makes a character, walks, buys bread, queues for the
// cellar, fights there. It believes what the server says and checks that it hangs together: epochs never go back, and
// what it was told is SAVED is what it holds. What it never got an answer to it asks again by the same number. Who
// roams resumes its session, at any gateway, also unasked and while the old socket seems to be there. One thread.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "tests/sim/broken.h"
#include "tests/sim/client.h"
#include "tests/sim/held_session.h"

namespace dure::sim {

// What its client knows of a request that changes value. Applied ones whose owner died are as unknown as sent ones.
enum class RequestFate { kSent, kRefused, kApplied, kSaved };
const char* to_text(RequestFate fate);

class ScriptedPlayer {
 public:
  ScriptedPlayer(Cluster& cluster, NodeId gateway, int number, bool wants_dungeon);
  // Begins to play now; goes on until quiet() and then leaves nothing open.
  void start();
  // Hangs up and logs in anew, with no word to the session it had.
  void log_in_again() { log_in(); }
  void hang_up() { client_.close(); }
  void use_web_socket() { client_.use_web_socket(); }
  const WebFigures& web() const { return client_.web(); }
  void mangle(bool on) {
    client_.mangle(on);
    was_mangled_ = true;
  }
  void roam() { roams_ = true; }
  // Into the cellar again after each run.
  void be_tireless() { tireless_ = true; }
  // Asks its owner at every step for what changes nothing.
  void ask_for_answers() {
    asks_ = true;
    answers_ = 0;
  }
  // No new value requests from now on.
  void be_quiet() { quiet_ = true; }
  // Its shard was restored: what it is told until its next state there may be undone.
  void went_back() {
    undone_ = true;
    undone_player_ = player_id_;
  }
  bool undone() const { return undone_; }
  // It was not told anew, and knows nothing.
  void believe_row() {
    knows_nothing_ = undone_;
    if (undone_) begin_anew();
  }
  bool knows_nothing() const { return knows_nothing_; }

  bool in_world() const { return in_world_; }
  const std::string& place() const { return place_; }
  int number() const { return number_; }
  const std::string& name() const { return character_; }
  const std::string& first_name() const { return name_; }
  bool wants_dungeon() const { return wants_dungeon_; }
  int answers() const { return answers_; }
  std::string account() const { return "account-" + name_ + made_up_; }
  std::uint64_t account_id() const { return account_id_; }
  std::uint64_t player_id() const { return player_id_; }
  const std::map<std::string, std::int64_t>& balances() const { return balances_; }
  bool all_saved() const { return saved_creq_ >= applied_creq_; }
  // Out of every run, which pays when it ends, and told its state there.
  bool at_home() const { return place_.rfind("run/", 0) != 0 && stated_epoch_ == epoch_; }
  bool waits_for_an_answer() const { return in_world_ && open_creq_ != 0; }
  bool queued() const { return in_world_ && queued_; }
  int disconnects() const { return disconnects_; }
  // Its purchases, one piece of bread each.
  const std::map<std::uint64_t, RequestFate>& requests() const { return requests_; }
  int resent() const { return resent_; }
  int bought() const { return bought_; }
  int attacks() const { return attacks_; }
  int returns() const { return returns_; }
  int resumed_whole() const { return resumed_whole_; }  // what it had missed followed
  int resumed_anew() const { return resumed_anew_; }    // its state followed
  int resume_refused() const { return resume_refused_; }
  bool was_in_dungeon() const { return was_in_dungeon_; }
  std::string position() const { return std::to_string(x_cm_) + "," + std::to_string(y_cm_); }
  const std::string& last_error() const { return last_error_; }
  std::string story() const;
  const Verdict& mismatches() const { return mismatches_; }

 private:
  template <class Message>
  static bool read(const ClientFrame& frame, Message* message);
  void take(const ClientFrame& frame);
  // RouteNotice names the epoch before any frame of it, and none of an older one comes after it.
  template <class Message>
  bool of_this_epoch(const Message& message);
  void take_state(const proto::PlayerState& state);
  void begin_anew();
  void log_in();
  void come_back();
  void resumed(const proto::ResumeReply& reply);
  void step();
  void walk();
  void buy();
  void send_buy();
  void saved(std::uint64_t creq);
  void fight();

  Cluster& cluster_;
  NodeId gateway_;
  int number_;
  std::string name_;
  bool wants_dungeon_;
  std::string character_ = name_;
  bool was_mangled_ = false;
  std::string made_up_;
  Client client_;
  Rng rng_, roaming_;
  HeldSession held_;
  bool roams_ = false, resuming_ = false;
  bool in_world_ = false, quiet_ = false, was_in_dungeon_ = false, queued_ = false, selecting_ = false;
  bool tireless_ = false, asks_ = false, undone_ = false, knows_nothing_ = false;
  std::string place_, last_error_;
  std::uint64_t undone_player_ = 0;
  std::uint64_t account_id_ = 0, player_id_ = 0, epoch_ = 0, stated_epoch_ = 0, creq_ = 0, open_creq_ = 0,
                applied_creq_ = 0, saved_creq_ = 0;
  std::int32_t x_cm_ = 0, y_cm_ = 0;
  std::map<std::string, std::int64_t> balances_;
  std::set<std::uint64_t> monsters_;
  Verdict mismatches_;
  std::map<std::uint64_t, RequestFate> requests_;
  std::map<std::uint64_t, std::uint64_t> applied_in_;  // epoch, by request
  int answers_ = 0, resent_ = 0, outside_ = 0, disconnects_ = 0, bought_ = 0, attacks_ = 0, returns_ = 0, steps_ = 0,
      resumed_whole_ = 0, resumed_anew_ = 0, resume_refused_ = 0;
};

}  // namespace dure::sim
