// A scripted player who trades with one partner, again and again: sits down, offers some gold and perhaps a sword,
// locks, confirms, and waits for the word. Between trades it buys and sells swords, at a shop and perhaps at the
// auction house. It believes what it is told: what it has by PlayerState, TradeTable and SettledNotice, and which
// trades were committed. One thread.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "common/game/sample/sample.pb.h"
#include "common/game/trade.h"
#include "common/proto/lobby.pb.h"
#include "tests/sim/client.h"
#include "tests/sim/letters.h"
#include "tests/sim/stall.h"
#include "tests/sim/swords.h"

namespace dure::sim {

class Trader {
 public:
  Trader(Cluster& cluster, NodeId gateway, int number);
  // `host` invites; both know each other.
  void partner(Trader* other, bool host);
  void write_letters() { letters_.emplace(name_); }
  void keep_a_stall() { stall_.emplace(); }
  void start();
  void be_quiet() { quiet_ = true; }
  void hang_up() { client_.close(); }
  void use_web_socket() { client_.use_web_socket(); }
  const WebFigures& web() const { return client_.web(); }
  void mangle(bool on) {
    client_.mangle(on);
    was_mangled_ = true;
  }
  // Asks its owner at every step for what changes nothing.
  void ask_for_answers() {
    asks_ = true;
    answers_ = 0;
  }

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
  // What it had was put back to a backup at some time.
  bool has_gone_back() const { return has_gone_back_; }
  // It, or its partner, was made after a backup that was put back: another one plays on, who has been given anew what
  // all are given.
  bool made_twice() const { return made_twice_ || (partner_ != nullptr && partner_->made_twice_); }

  int number() const { return number_; }
  const std::string& name() const { return character_; }
  const std::string& first_name() const { return name_; }
  int answers() const { return answers_; }
  int disconnects() const { return disconnects_; }
  bool in_world() const { return in_world_; }
  std::uint64_t account_id() const { return account_id_; }

  std::uint64_t player_id() const { return player_id_; }
  bool at_the_market() const { return in_world_ && place_ == "town/1"; }
  std::int64_t gold() const { return gold_; }
  const std::map<TradeId, bool>& settled() const { return settled_; }
  int committed() const { return committed_; }
  int aborted() const { return aborted_; }
  // What either has written and knows to be SAVED has come to the other, as far as both can be believed.
  bool letters_arrived() const;
  std::int64_t potions() const { return potions_; }
  const Verdict& mismatches() const { return mismatches_; }
  const Swords& swords() const { return swords_; }
  bool all_saved() const;
  const std::optional<Letters>& letters() const { return letters_; }
  const std::optional<Stall>& stall() const { return stall_; }
  // All that it listed is sold, or home again.
  bool stall_empty() const { return !stall_ || was_mangled_ || stall_->empty(cluster_.scheduler().now()); }
  bool settling() const { return table_.phase() == sample::TradeTable::SETTLING; }
  std::string story() const;

 private:
  template <class Message>
  static bool read(const ClientFrame& frame, Message* message);
  void take(const ClientFrame& frame);
  // RouteNotice names the epoch before any frame of it, and none of an older one comes after it.
  template <class Message>
  bool of_this_epoch(const Message& message);
  void take_table(const sample::TradeTable& table);
  void log_in();
  void begin_anew();
  void note_saved();
  void step();
  void sit();
  void correspond();
  void deal_in_swords();
  void keep_stall();
  template <class Request>
  void ask_the_house(const Request& request);
  template <class Reply>
  void take_stall_answer(const Reply& reply);
  // Whom it asked is not its owner any more.
  void owner_changed();
  // What it asked for may be undone, or was another one's wish.
  void forget_fates();
  bool at_leisure() const;
  void take_touched(const sample::Touched& touched);
  void take_balances(const google::protobuf::RepeatedPtrField<proto::Amount>& balances);

  Cluster& cluster_;
  NodeId gateway_;
  int number_;
  std::string name_, place_, last_;
  std::string character_ = name_;
  bool was_mangled_ = false;
  std::string made_up_;
  Client client_;
  Rng rng_, sword_rng_, stall_rng_;
  Trader* partner_ = nullptr;
  bool host_ = false, in_world_ = false, selecting_ = false, quiet_ = false, walking_ = false;
  bool asks_ = false, undone_ = false, knows_nothing_ = false, made_twice_ = false, has_gone_back_ = false;
  std::uint64_t undone_player_ = 0, played_ = 0;
  std::uint64_t account_id_ = 0, player_id_ = 0, epoch_ = 0, creq_ = 0, saved_creq_ = 0, laid_ = 0, locked_ = 0,
                confirmed_ = 0;
  std::int32_t x_cm_ = 0, y_cm_ = 0;
  std::int64_t gold_ = 0, potions_ = 0;
  std::optional<Letters> letters_;
  Swords swords_;
  std::optional<Stall> stall_;
  Verdict mismatches_;
  sample::TradeTable table_;
  std::map<TradeId, bool> settled_;
  int committed_ = 0, aborted_ = 0, disconnects_ = 0, answers_ = 0, outside_ = 0, steps_ = 0;
};

}  // namespace dure::sim
