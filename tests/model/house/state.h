// What the model of an auction house beside a restore knows: the rows of one aggregate without an owner, on the shard
// that goes back to a backup, what a seller and two buyers on another shard have sent to it and got from it, and the
// operations of its clerks, which stay on the wire for ever. One lot of one unique item, or of one piece of a stack, at
// the price of one gold. Every field is one byte and unused ones are zero, so that equal states are equal bytes.
#pragma once
#include "tests/model/state.h"

namespace dure::model::house {

// What comes to the house, each once.
enum Cause { kList, kBuy, kBuyToo, kCancel, kCauses };
// What it sends for it; answers to one cause that exclude each other have one number.
enum Answer { kToBuyer, kToBuyerToo, kToCanceller, kPaid, kPaidToo, kHome, kAnswers };
enum class What : u8 { kNone, kGoods, kGold, kWord };

// As the store has them.
struct Rows {
  u8 lot;       // the version of its record; 0: there is none
  u8 versions;  // given out
  u8 goods, gold;
  u8 owes_goods, owes_gold;
  Box inbox[kCauses];
  u8 goods_gone;  // out of the listing, while that waits: another letter took the item with it
  Box outbox[kAnswers];
  What sent[kAnswers];
};

struct State {
  Rows house, backup;
  u8 backup_kept, restored, closed;
  Box asked[kCauses];       // the senders' outboxes
  u8 listed;                // the listing was delivered
  What had[kAnswers];       // the receivers' inboxes
  u8 wire[kCauses + 1][2];  // operations left by cause (the last: time is over) and which: bits of lots seen
  u8 stuck;                 // causes of which neither answer could be given, until something else is settled, bits
  u8 late;                  // the lot's time is over
  u8 sold, again, kept;     // ghosts: what happened
};
static_assert(std::has_unique_object_representations_v<State>);

}  // namespace dure::model::house
