#include "tests/sim/trader.h"

#include <algorithm>
#include <utility>

#include "common/base/hash.h"
#include "common/logic/node.h"
#include "common/proto/gateway.pb.h"

namespace dure::sim {
namespace {
constexpr Duration kStep = milliseconds(150);
constexpr int kPatience = 60;            // steps outside the world before it hangs up and tries again
constexpr std::int64_t kGoldKept = 100;  // for trades
constexpr std::size_t kSwordsMost = 3;   // more are sold
constexpr int kStepsToBrowse = 5;
constexpr std::int32_t kMarketX = 12800, kMarketY = 12800, kStride = 60;
}  // namespace

Trader::Trader(Cluster& cluster, NodeId gateway, int number)
    : cluster_(cluster),
      gateway_(gateway),
      number_(number),
      name_("Trader" + name_ending(number)),
      client_(cluster, "127.0.0.1", static_cast<std::uint64_t>(number) + 1),
      rng_(cluster.scheduler().seed(), 0x7aade + static_cast<std::uint64_t>(number)),
      sword_rng_(cluster.scheduler().seed(), 0x5a0fd000 + static_cast<std::uint64_t>(number)),
      stall_rng_(cluster.scheduler().seed(), 0x57a11000 + static_cast<std::uint64_t>(number)) {
  client_.on_frame = [this](const ClientFrame& frame) { take(frame); };
  client_.on_closed = [this] {
    ++disconnects_;
    in_world_ = false;
  };
}

void Trader::start() {
  log_in();
  step();
}

void Trader::log_in() {
  in_world_ = selecting_ = walking_ = false;
  outside_ = 0;
  epoch_ = 0;
  table_.Clear();
  if (!client_.connect(gateway_)) return;
  proto::LoginRequest login;
  login.set_protocol_version(kProtocolVersion);
  login.set_content_version(1);
  login.set_account("account-" + name_ + made_up_);
  login.set_password("a password of " + name_);
  client_.send(login);
}

// What either was told of their trades before the restore may be undone: only what is told from now on is compared.
void Trader::begin_anew() {
  undone_ = false;
  made_twice_ |= undone_player_ != 0 && player_id_ != undone_player_;
  settled_.clear();
  if (partner_ != nullptr) partner_->settled_.clear();
  forget_fates();
  has_gone_back_ = true;
}

template <class Message>
bool Trader::read(const ClientFrame& frame, Message* message) {
  return frame.message_id == route_id(Message::descriptor()) && message->ParseFromString(std::string(frame.body));
}

void Trader::take(const ClientFrame& frame) {
  if (proto::LoginReply login; read(frame, &login)) {
    if (!login.has_characters()) {
      last_ = login.ShortDebugString();
      if (!login.has_denied() || !was_mangled_) return;
      made_up_ += "x";  // it registered with a password that it made up
      player_id_ = 0;
    } else if (login.characters().characters_size() == 0) {
      proto::CreateCharacterRequest create;
      create.set_name(character_);
      client_.send(create);
    } else {
      const auto& mine = login.characters().characters(0);
      character_ = mine.name();
      player_id_ = mine.player_id();
    }
  } else if (proto::CreateCharacterReply created; read(frame, &created)) {
    // Spent on an account that it made up, or on a character that a restore has undone.
    if (created.code() == proto::TAKEN && (was_mangled_ || undone_)) character_ += "x";
    // What it asked for may have been mangled on its way.
    if (created.has_character()) character_ = created.character().name();
    player_id_ = created.character().player_id();
  } else if (proto::SelectCharacterReply selected; read(frame, &selected)) {
    if (selected.code() != proto::OK) selecting_ = false;
  } else if (proto::RouteNotice route; read(frame, &route)) {
    epoch_ = route.epoch();
    saved_creq_ = 0;  // it is told anew after the state
    place_ = route.place();
    walking_ = false;
    table_.Clear();
    owner_changed();
  } else if (proto::PlayerState state; read(frame, &state)) {
    of_this_epoch(state);
    in_world_ = true;
    if (undone_ && (epoch_ >= kRestoredEpoch || player_id_ != undone_player_)) begin_anew();
    // Its wish for an account or a character was mangled on its way: what the other one asked for is no affair of this.
    if (const auto played = std::exchange(played_, state.aggregate().player_id()); played != 0 && played != played_)
      forget_fates();
    account_id_ = state.aggregate().account_id();
    creq_ = std::max(creq_, state.last_creq());
    x_cm_ = state.x_cm();
    y_cm_ = state.y_cm();
    gold_ = potions_ = 0;
    take_balances(state.aggregate().balances());
    swords_.take_all(state.aggregate());
    owner_changed();
  } else if (sample::TradeTable table; read(frame, &table)) {
    if (of_this_epoch(table)) take_table(table);
  } else if (proto::SettledNotice notice; read(frame, &notice)) {
    const TradeId txn = trade_id_of(notice.txn());
    if (!settled_.count(txn)) ++(notice.committed() ? committed_ : aborted_);
    settled_[txn] = notice.committed();
    if (of_this_epoch(notice)) {
      take_balances(notice.aggregate().balances());
      swords_.come(notice.aggregate());
    }
  } else if (proto::SavedNotice saved; read(frame, &saved)) {
    if (of_this_epoch(saved)) {
      saved_creq_ = std::max(saved_creq_, saved.creq());
      note_saved();
    }
  } else if (proto::AggregateChanged changed; read(frame, &changed)) {
    of_this_epoch(changed);
    take_balances(changed.aggregate().balances());
    swords_.come(changed.aggregate());
  } else if (sample::BuyReply bought; read(frame, &bought)) {
    swords_.requests().answered(bought.creq(), bought.code() == proto::OK, epoch_);
    note_saved();
    take_touched(bought.touched());
  } else if (sample::SellReply sold; read(frame, &sold)) {
    swords_.requests().answered(sold.creq(), sold.code() == proto::OK, epoch_);
    note_saved();
    take_touched(sold.touched());
  } else if (sample::MailSendReply sent; read(frame, &sent)) {
    if (letters_) letters_->requests().answered(sent.creq(), sent.code() == proto::OK, epoch_);
    note_saved();
    take_touched(sent.touched());
  } else if (sample::MailArrived letter; read(frame, &letter)) {
    of_this_epoch(letter);
    if (letters_) letters_->arrived(letter.text());
  } else if (sample::MailListReply list; read(frame, &list)) {
    if (letters_) letters_->listed(list);
  } else if (sample::AuctionListReply offered; read(frame, &offered)) {
    take_stall_answer(offered);
    take_touched(offered.touched());
  } else if (sample::AuctionBuyReply bid; read(frame, &bid)) {
    take_stall_answer(bid);
    take_touched(bid.touched());
  } else if (sample::AuctionCancelReply cancelled; read(frame, &cancelled)) {
    take_stall_answer(cancelled);
  } else if (sample::AuctionBrowseReply browsed; read(frame, &browsed)) {
    if (stall_) stall_->browsed(browsed, player_id_, cluster_.scheduler().now());
  } else if (sample::AuctionNotice of_lot; read(frame, &of_lot)) {
    of_this_epoch(of_lot);
    if (stall_) stall_->told(of_lot);
  } else if (sample::TradeInviteReply invited; read(frame, &invited)) {
    last_ = "invite " + proto::Code_Name(invited.code());
  } else if (sample::TradeOfferReply laid; read(frame, &laid)) {
    if (laid.code() != proto::OK) laid_ = 0;  // of what a letter or a lot took meanwhile
  } else if (sample::TradeConfirmReply confirmed; read(frame, &confirmed)) {
    last_ = "confirm " + proto::Code_Name(confirmed.code());
    if (confirmed.code() == proto::BUSY) confirmed_ = 0;
  } else if (proto::MoveCorrected corrected; read(frame, &corrected)) {
    x_cm_ = corrected.x_cm();
    y_cm_ = corrected.y_cm();
  } else if (sample::ShopListReply listed; read(frame, &listed)) {
    ++answers_;
  } else if (proto::ErrorReply error; read(frame, &error)) {
    last_ = error.ShortDebugString();
    walking_ = false;
    if (stall_) stall_->requests().unheard();
    if (error.code() == proto::TOO_FAST) laid_ = locked_ = confirmed_ = 0;
  }
}

template <class Reply>
void Trader::take_stall_answer(const Reply& reply) {
  if (stall_) stall_->requests().answered(reply.creq(), reply.code() == proto::OK, epoch_);
  note_saved();
}

template <class Message>
bool Trader::of_this_epoch(const Message& message) {
  if (message.epoch() == epoch_) return true;
  mismatches_.push_back({law::kFramesOfOneEpoch, name_ + " in epoch " + std::to_string(epoch_) + ": " +
                                                     Message::descriptor()->name() + " " + message.ShortDebugString()});
  return false;
}

void Trader::take_balances(const google::protobuf::RepeatedPtrField<proto::Amount>& balances) {
  for (const auto& balance : balances) {
    if (balance.name() == "gold") gold_ = balance.value();
    if (balance.name() == Letters::kAttached) potions_ = balance.value();
  }
}

void Trader::take_touched(const sample::Touched& touched) {
  take_balances(touched.balances());
  swords_.take(touched);
}

void Trader::take_table(const sample::TradeTable& table) {
  if (table.table() != table_.table()) laid_ = locked_ = confirmed_ = 0;
  table_ = table;
  take_touched(table.touched());
  if (table.phase() == sample::TradeTable::CLOSED) table_.Clear();
  sit();
}

// One answer to what is seen on the table.
void Trader::sit() {
  if (table_.sides_size() != 2) return;
  const int me = table_.sides(0).player() == player_id_ ? 0 : 1;
  const auto &mine = table_.sides(me), &theirs = table_.sides(1 - me);
  if (table_.phase() == sample::TradeTable::INVITED && me == 1) {
    sample::TradeAnswerRequest answer;
    answer.set_table(table_.table());
    answer.set_accept(true);
    client_.send(answer);
  }
  if (table_.phase() != sample::TradeTable::OPEN) return;
  if (laid_ == 0) {
    laid_ = table_.table();
    sample::TradeOfferRequest offer;
    offer.set_table(table_.table());
    auto* gold = offer.add_amounts();
    gold->set_name("gold");
    gold->set_value(
        1 + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(std::clamp<std::int64_t>(gold_, 1, 30)))));
    if (!swords_.ids().empty() && sword_rng_.chance(0.5)) *offer.add_items() = swords_.any(&sword_rng_);
    client_.send(offer);
  } else if (mine.amounts_size() != 0 && theirs.amounts_size() != 0 && !mine.locked() && locked_ != table_.revision()) {
    locked_ = table_.revision();
    sample::TradeLockRequest lock;
    lock.set_table(table_.table());
    lock.set_revision(table_.revision());
    client_.send(lock);
  } else if (mine.locked() && theirs.locked() && !mine.confirmed() && confirmed_ != table_.revision()) {
    confirmed_ = table_.revision();
    sample::TradeConfirmRequest confirm;
    confirm.set_creq(++creq_);
    confirm.set_table(table_.table());
    confirm.set_revision(table_.revision());
    client_.send(confirm);
  }
}

void Trader::step() {
  cluster_.scheduler().after(kStep + milliseconds(static_cast<std::int64_t>(rng_.below(50))), fnv1a(name_),
                             [this] { step(); });
  if (!client_.connected()) return log_in();
  if (!in_world_) {
    if (++outside_ % kPatience == 0) return log_in();
    if (player_id_ == 0 || std::exchange(selecting_, true)) return;
    proto::SelectCharacterRequest select;
    select.set_player_id(player_id_);
    client_.send(select);
    return;
  }
  outside_ = 0;
  ++steps_;
  client_.send(proto::Ping());
  if (letters_) correspond();
  if (!quiet_ && place_ == "town/1") deal_in_swords();
  if (stall_) keep_stall();
  if (asks_) {
    sample::ShopListRequest list;
    list.set_npc("Mira");
    client_.send(list);
  }
  if (place_ != "town/1") {
    if (std::exchange(walking_, true)) return;
    proto::ChangeZoneRequest change;
    change.set_zone("town");
    change.set_channel(1);
    client_.send(change);
    return;
  }
  x_cm_ += std::clamp(kMarketX - x_cm_, -kStride, kStride);
  y_cm_ += std::clamp(kMarketY - y_cm_, -kStride, kStride);
  proto::MoveTo move;
  move.set_x_cm(x_cm_);
  move.set_y_cm(y_cm_);
  client_.send(move);
  if (!quiet_ && host_ && partner_ != nullptr && partner_->at_the_market() && table_.sides_size() == 0) {
    sample::TradeInviteRequest invite;
    invite.set_player(partner_->player_id());
    client_.send(invite);
  }
  sit();
}

// A letter now and then, never while something lies on a table: its fee would be missing there. In the end it is asked
// what has come, for whoever was not there to hear of it.
void Trader::correspond() {
  if (quiet_) {
    if (steps_ % 10 != 0) return;
    sample::MailListRequest list;
    list.set_limit(Letters::kMost);
    client_.send(list);
  } else if (letters_->may_write() && at_leisure() && gold_ > kGoldKept && potions_ > 0 && rng_.chance(0.15)) {
    const std::uint64_t creq = ++creq_;
    auto letter = letters_->write(partner_->name(), creq);
    if (!swords_.ids().empty() && sword_rng_.chance(0.5)) *letter.add_items() = swords_.any(&sword_rng_);
    client_.send(letter);
  }
}

// Nothing lies on a table, where it would be missing, and no letter is being addressed, which a later request
// overtakes.
bool Trader::at_leisure() const {
  return table_.sides_size() == 0 && !swords_.requests().open() && (!letters_ || !letters_->requests().open()) &&
         (!stall_ || !stall_->requests().open());
}

void Trader::deal_in_swords() {
  if (!at_leisure()) return;
  if (swords_.ids().size() > kSwordsMost) {
    if (sword_rng_.chance(0.3)) client_.send(swords_.sell(++creq_, swords_.any(&sword_rng_)));
  } else if (gold_ > 2 * kGoldKept && sword_rng_.chance(0.1)) {
    client_.send(swords_.buy(++creq_));
  }
}

// In the end it takes back what nobody bought.
void Trader::keep_stall() {
  if (steps_ % kStepsToBrowse == 0) client_.send(sample::AuctionBrowseRequest());
  if (!at_leisure()) return;
  const std::uint64_t creq = creq_ + 1;
  if (quiet_ || stall_rng_.chance(0.02)) {
    if (const auto cancel = stall_->cancel(creq, player_id_, &stall_rng_)) ask_the_house(*cancel);
  } else if (stall_rng_.chance(0.1)) {
    if (const auto bid = stall_->buy(creq, player_id_, gold_ - kGoldKept, &stall_rng_)) ask_the_house(*bid);
  } else if (gold_ > kGoldKept && !swords_.ids().empty() && stall_->own_lots(player_id_) < Stall::kLotsMost &&
             stall_rng_.chance(0.1)) {
    ask_the_house(stall_->list(creq, swords_.any(&stall_rng_), &stall_rng_));
  }
}

template <class Request>
void Trader::ask_the_house(const Request& request) {
  creq_ = request.creq();
  client_.send(request);
}

void Trader::partner(Trader* other, bool host) {
  partner_ = other;
  host_ = host;
}

void Trader::owner_changed() {
  swords_.requests().unheard();
  if (letters_) letters_->requests().unheard();
  if (stall_) stall_->requests().unheard();
}

void Trader::forget_fates() {
  swords_.requests().went_back();
  if (letters_) letters_->went_back();
  if (stall_) stall_->requests().went_back();
}

bool Trader::all_saved() const {
  return swords_.requests().all_saved(epoch_) && (!stall_ || stall_->requests().all_saved(epoch_));
}

bool Trader::letters_arrived() const {
  if (!letters_ || made_twice() || was_mangled_ || partner_->was_mangled_) return true;
  return letters_->requests().all_saved(epoch_) && letters_->has_all_of(*partner_->letters_);
}

// What is asked again may be answered after it was told SAVED.
void Trader::note_saved() {
  swords_.requests().saved(saved_creq_, epoch_);
  if (letters_) letters_->requests().saved(saved_creq_, epoch_);
  if (stall_) stall_->requests().saved(saved_creq_, epoch_);
}

std::string Trader::story() const {
  return name_ + " " + std::to_string(player_id_) + " in '" + place_ + "' gold " + std::to_string(gold_) +
         " committed " + std::to_string(committed_) + " aborted " + std::to_string(aborted_) + " disconnects " +
         std::to_string(disconnects_) + " letters " + (letters_arrived() ? "arrived" : "missing") +
         (all_saved() ? "" : " a sword is not saved") + (stall_empty() ? "" : " lots are listed") + " table " +
         table_.ShortDebugString() + " last " + last_ + "\n";
}

}  // namespace dure::sim
