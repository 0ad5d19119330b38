// A player that checks what it sees. It has a session, believes to own things, knows where it stands, and follows the
// habits of its story. Everything it is told is compared with what it believes; what must not differ is reported.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/bots/client_session.h"
#include "tools/bots/gains.h"
#include "tools/bots/line_order.h"
#include "tools/bots/motion.h"
#include "tools/bots/own_model.h"
#include "tools/bots/stories/habit.h"
#include "tools/bots/surroundings.h"

namespace dure {

namespace proto {
class AggregateChanged;
class CellChanged;
class CellUpdate;
class ChatLine;
class EchoReply;
class ErrorReply;
class MoveCorrected;
class PlayerState;
class RouteNotice;
class SavedNotice;
class SettledNotice;
class SayReply;
class WhisperReply;
}  // namespace proto
namespace sample {
class AuctionBuyReply;
class AuctionCancelReply;
class AuctionListReply;
class AuctionNotice;
class BuyReply;
class EntityDied;
class EntityHurt;
class GuildNotice;
class LevelNotice;
class LootNotice;
class MailArrived;
class MailListReply;
class MailSendReply;
class SellReply;
class Touched;
class TradeConfirmReply;
class TradeTable;
class UseItemReply;
}  // namespace sample

class Bot : private ClientSession::Listener, private Reactor::Sleeper {
 public:
  Bot(Shared& shared, std::uint32_t number);

  void start() { session_.start(); }
  // Habits rest; after what is open has been answered the character leaves the world.
  void rest();
  void leave() { session_.leave(); }
  void end() { session_.end(); }
  // What is left to be judged when the evening is over, and this bot's share of the figures.
  void close(Report* report);
  const ClientSession& session() const { return session_; }
  static void fill(FrameTable<Bot>* table);

  // ── for habits ──────────────────────────────────────────────────────────────────────────────────────────────
  Shared& shared() { return shared_; }
  MonoTime now() const { return shared_.reactor.now(); }
  const std::string& name() const { return session_.account(); }
  bool playing() const { return playing_; }
  const std::string& place() const { return place_; }
  std::uint64_t entity() const { return entity_; }
  bool in_instance() const { return place_kind_ == 1; }
  Motion& motion() { return motion_; }
  Surroundings& surroundings() { return surroundings_; }
  const OwnModel& model() const { return model_; }
  bool value_open() const { return !open_values_.empty(); }
  // One step towards the goal, if there is a way to go.
  void step();
  void say(bool world, const std::string& text);
  void whisper(const std::string& to, const std::string& text);
  bool say_to_guild(const std::string& text);
  // As the last PlayerState and the notices since say; 0: none. And whether it was taken in.
  std::uint64_t guild() const { return guild_; }
  bool guild_member() const { return guild_member_; }
  void echo();
  // A request without value; its reply reaches the habits.
  template <class Message>
  bool ask(const Message& message) {
    return note(session_.send(message), {});
  }
  // A value request: gets its creq here. `expected` says what a grant will change.
  template <class Message>
  bool ask_value(Message message, Change expected) {
    expected.creq = ++last_creq_;
    message.set_creq(expected.creq);
    return note_value(route_id(Message::descriptor()), message.SerializeAsString(), std::move(expected));
  }
  // Agrees to what lies on this table.
  bool agree(const sample::TradeTable& table);
  // Of the value request that is sent next.
  std::uint64_t next_creq() const { return last_creq_ + 1; }
  // For stories in which others send: what may come unasked is expected, and counted against its announcement.
  void await_gains() { awaits_gains_ = true; }
  Gains& gains() { return gains_; }
  // Everything that was asked for is answered and SAVED.
  bool all_saved() const { return open_values_.empty() && applied_.empty(); }
  // Out of the world, and in again after a while.
  void nap(Duration away) { session_.nap(away); }
  MonoTime rested_at() const { return rested_at_; }
  // In the world when the rest began.
  bool was_playing() const { return rested_playing_; }
  double played_s() const;
  std::uint64_t moves() const { return moves_; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t values() const { return values_; }
  std::uint64_t trades() const { return trades_; }  // committed
  bool raiding = false;                             // queued, matched or in a run: zone changes wait

 private:
  enum Wake : std::uint32_t { kCheck = 1000 };
  struct OpenValue {
    std::uint16_t message_id = 0;
    std::string body;
    MonoTime sent{};
    bool again = false;
  };
  struct Asked {
    std::uint32_t seq = 0;
    MonoTime sent{};
    std::string text;
  };

  void on_world_frame(const ClientFrame& frame) override;
  void on_link_lost() override;
  void on_resumed(bool replayed) override;
  void on_time(std::uint32_t what) override;

  void route(const proto::RouteNotice& notice, std::uint32_t seq);
  void state(const proto::PlayerState& state, std::uint32_t seq);
  void saved(const proto::SavedNotice& notice, std::uint32_t seq);
  void changed(const proto::AggregateChanged& notice, std::uint32_t seq);
  // By its owner, a moment ago: word of where it was may still come, and it may stand where it did not walk.
  bool put_elsewhere() const;
  void corrected(const proto::MoveCorrected& notice, std::uint32_t seq);
  bool wants(std::string_view cell_update) const;
  void cell_update(const proto::CellUpdate& update, std::uint32_t seq);
  void cell_changed(const proto::CellChanged& change, std::uint32_t seq);
  void line(const proto::ChatLine& line, std::uint32_t seq);
  void said(const proto::SayReply& reply, std::uint32_t seq);
  void whispered(const proto::WhisperReply& reply, std::uint32_t seq);
  void echoed(const proto::EchoReply& reply, std::uint32_t seq);
  void error(const proto::ErrorReply& reply, std::uint32_t seq);
  void table(const sample::TradeTable& table, std::uint32_t seq);
  void agreed(const sample::TradeConfirmReply& reply, std::uint32_t seq);
  void settled(const proto::SettledNotice& notice, std::uint32_t seq);
  void look_at_agreement(const sample::TradeTable& table);
  template <class Reply>
  void trade_reply(const Reply& reply, std::uint32_t seq);
  void loot(const sample::LootNotice& notice, std::uint32_t seq);
  template <class Reply>
  void answered(const Reply& reply, std::uint32_t seq);
  template <class Reply>
  void granted(const Reply& reply, std::uint32_t seq);
  void listed(const sample::AuctionListReply& reply, std::uint32_t seq);
  void cancelled(const sample::AuctionCancelReply& reply, std::uint32_t seq);
  void letter(const sample::MailArrived& letter, std::uint32_t seq);
  void auction(const sample::AuctionNotice& notice, std::uint32_t seq);
  template <class Reply>
  void guild_reply(const Reply& reply, std::uint32_t seq);
  void guild_notice(const sample::GuildNotice& notice, std::uint32_t seq);
  void level(const sample::LevelNotice& notice, std::uint32_t seq);
  void died(const sample::EntityDied& notice, std::uint32_t seq);
  template <class Notice, void (Habit::*hear)(Bot&, const Notice&)>
  void tell_habits(const Notice& notice, std::uint32_t seq);

  bool note(std::uint32_t seq, std::string text);
  bool note_value(std::uint32_t message_id, std::string body, Change expected);
  void value_reply(std::uint64_t creq, std::uint32_t code, const sample::Touched& touched);
  Asked take_asked(std::uint32_t seq);
  void count_code(std::uint32_t code);
  // True: a frame of an epoch before the route's; it was reported and is to be ignored.
  bool stale(std::uint64_t epoch, const char* what);
  bool may_gain() const;
  template <class Notice>
  void announced(const Notice& notice);
  void report(const std::vector<Difference>& differences);
  void check_overdue();
  void stop_playing();
  MonoTime clock() const { return resting_ ? rested_at_ : now(); }  // the figures are of the time before the rest

  Shared& shared_;
  ClientSession session_;
  const bool watches_;  // measures how fast it sees others
  std::vector<std::unique_ptr<Habit>> habits_;
  OwnModel model_;
  Motion motion_;
  Surroundings surroundings_;
  LineOrder world_lines_, place_lines_;

  bool playing_ = false, resting_ = false, habits_started_ = false;
  bool route_is_new_ = false;  // a PlayerState must follow
  bool returned_ = false;      // by a fault
  bool in_doubt_ = false;      // frames may have been lost
  bool awaits_gains_ = false;
  bool rested_playing_ = false;
  Gains gains_;
  std::uint64_t guild_ = 0;
  bool guild_member_ = false;
  History::Who who() const { return {entity_, epoch_}; }
  struct Agreement {
    std::uint64_t creq = 0, epoch = 0, table = 0, revision = 0;
  };
  Agreement agreement_;  // the last that was given and not yet withdrawn or settling
  std::uint64_t epoch_ = 0, entity_ = 0, last_creq_ = 0, last_saved_creq_ = 0;
  std::string place_;
  std::uint32_t place_kind_ = 0;
  MonoTime routed_at_{}, last_fight_{}, died_at_ = MonoTime::min(), playing_since_{}, rested_at_{};
  MonoTime place_heard_at_{}, place_lost_at_{};  // its last word of who moved there; of the one that a fault took
  Duration played_{};
  std::map<std::uint64_t, OpenValue> open_values_;
  std::map<std::uint64_t, MonoTime> applied_;  // creq → when, until SAVED
  std::vector<Asked> asked_;
  std::uint64_t moves_ = 0, lines_ = 0, values_ = 0, trades_ = 0;
  std::map<ItemId, MonoTime> settling_;  // trades whose outcome is not told yet, by their 128 bits
};

}  // namespace dure
