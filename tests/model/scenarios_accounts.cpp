// One shard goes back to a backup, alone, while accounts move from it and to it (accounts/state.h).
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

constexpr u8 kNo = kNobody;

Scenario left() {
  return {.name = "accounts-left",
          .what = "who swapped on the restored shard has left it: given up there, its trade done again for the other",
          .marks = {Mark::kAccountGivenUp, Mark::kHalvesRedone, Mark::kOpenedAfterTheDeskDied},
          .shard = {0, 0},
          .gold = {1, 1},
          .crashes = 1,
          .trades = 1,
          .terms = {Terms{.gold = {1, 0}, .item_from = 1}},
          .accounts = Accounts{.item_with = 1,
                               .path = {{{1, kNo, kNo}, {kNo, kNo, kNo}}},
                               .swaps = true,
                               .prepares = true,
                               .earns = {1, 0}}};
}
Scenario came() {
  return {.name = "accounts-came",
          .what = "who came after the backup is brought back, unless half of a trade of then would come with it",
          .marks = {Mark::kAccountBroughtBack, Mark::kAccountNamed, Mark::kOpenedAfterTheDeskDied},
          .shard = {0, 1},
          .gold = {1, 1},
          .crashes = 1,
          .trades = 1,
          .terms = {Terms{.gold = {1, 0}, .item_from = kNo}},
          .accounts =
              Accounts{.item_with = 1, .path = {{{kNo, kNo, kNo}, {0, kNo, kNo}}}, .prepares = true, .earns = {0, 1}}};
}
Scenario came_from_the_register() {
  Scenario s = came();
  s.name = "accounts-came-register";
  s.what = "who came after the backup left a shard that knows how its trades were decided";
  s.marks = {Mark::kAccountBroughtBack, Mark::kHalvesRedone};
  s.shard = {1, 0};
  s.accounts->path = {{{0, kNo, kNo}, {kNo, kNo, kNo}}};
  s.accounts->earns = {0, 0};
  return s;
}
Scenario came_with_letters() {
  Scenario s = came();
  s.name = "accounts-came-letters";
  s.what = "who came after the backup had letters of characters of here, or wrote to them";
  s.trades = 0;
  s.accounts->prepares = false;
  s.accounts->earns = {0, 0};
  s.accounts->letters = 3;
  return s;
}
Scenario there_and_back() {
  Scenario s = left();
  s.name = "accounts-there-and-back";
  s.what = "who swapped on the restored shard left it and came again";
  s.marks = {Mark::kAccountBroughtBack, Mark::kAccountNamed, Mark::kHalvesRedone};
  s.accounts->path[0] = {1, 0, kNo};
  s.accounts->prepares = false;
  s.terms[0] = Terms{.gold = {1, 0}, .item_from = kNo};
  return s;
}
Scenario both_came() {
  Scenario s = came();
  s.name = "accounts-both-came";
  s.what = "two came after the backup who traded with each other in between, in either order of being brought back";
  s.shard = {1, 1};
  s.accounts->path = {{{0, kNo, kNo}, {0, kNo, kNo}}};
  s.accounts->second_first = true;
  s.accounts->earns = {0, 0};
  return s;
}
Scenario both_came_with_letters() {
  Scenario s = both_came();
  s.name = "accounts-both-came-letters";
  s.what = "two came after the backup, one with a letter of the other";
  s.marks = {Mark::kAccountBroughtBack, Mark::kAccountNamed};
  s.trades = 0;
  s.accounts->prepares = false;
  s.accounts->letters = 1;
  s.crashes = 0;
  return s;
}
Scenario epochs() {
  return {.name = "accounts-epochs",
          .what = "who is brought back was acquired here before the restore, and is again",
          .marks = {Mark::kAccountBroughtBack},
          .shard = {1, 1},
          .crashes = 0,
          .accounts = Accounts{.path = {{{0, kNo, kNo}, {kNo, kNo, kNo}}}, .acquires = 3}};
}
Scenario third() {
  Scenario s = came();
  s.name = "accounts-third";
  s.what = "an account moves between two other shards while the desk hears one after the other";
  s.marks = {Mark::kHalvesRedone};
  s.shard = {0, 2};
  s.crashes = 0;
  s.accounts->shards = 3;
  s.accounts->path = {{{kNo, kNo, kNo}, {1, kNo, kNo}}};
  s.accounts->earns = {0, 0};
  return s;
}
Scenario third_with_letters() {
  Scenario s = third();
  s.name = "accounts-third-letters";
  s.what = "an account moves between two other shards while the desk hears of its letters";
  s.trades = 0;
  s.accounts->prepares = false;
  s.accounts->letters = 3;
  return s;
}

Scenario register_away() {
  Scenario s = came();
  s.name = "accounts-register";
  s.what = "both have left the shard whose register decides their trade";
  s.marks = {Mark::kAccountGivenUp, Mark::kMovedAfterOpening};
  s.shard = {0, 1};
  s.accounts->path = {{{1, kNo, kNo}, {kNo, kNo, kNo}}};
  s.accounts->earns = {0, 0};
  return s;
}

Scenario made() {
  Scenario s = came();
  s.name = "accounts-made";
  s.what = "an item that is made after the backup is given away and comes back, in two trades across";
  s.marks = {Mark::kHalvesRedone, Mark::kItemGivenBack};
  s.shard = {0, 1};
  s.trades = 2;
  s.terms = {Terms{.gold = {0, 0}, .item_from = 0}, Terms{.gold = {0, 0}, .item_from = 1}};
  s.accounts->path = {{{kNo, kNo, kNo}, {kNo, kNo, kNo}}};
  s.accounts->made_by = 0;
  s.accounts->earns = {0, 0};
  return s;
}
Scenario made_beside_the_register() {
  Scenario s = made();
  s.name = "accounts-made-register";
  s.what = "likewise, and the other shard knows how the trades were decided before its own leg has heard of it";
  s.shard = {1, 0};
  s.terms = {Terms{.gold = {0, 0}, .item_from = 1}, Terms{.gold = {0, 0}, .item_from = 0}};
  s.accounts->made_by = 1;
  return s;
}

Scenario mailed() {
  Scenario s = made();
  s.name = "accounts-mailed";
  s.what = "an item goes away by a trade, comes back by a letter whose sender does not hear of it, and goes again";
  s.marks = {Mark::kHalvesRedone};
  s.shard = {1, 0};
  s.terms = {Terms{.gold = {0, 0}, .item_from = 1}, Terms{.gold = {0, 0}, .item_from = 1}};
  s.accounts->made_by = kNo;
  s.accounts->item_with = 1;
  s.accounts->letters = 1;
  s.accounts->letters_carry = 1;
  return s;
}
Scenario mailed_beside_the_register() {
  Scenario s = mailed();
  s.name = "accounts-mailed-register";
  s.what = "likewise, and what was decided about the trades is lost with the restore";
  s.shard = {0, 1};
  s.terms = {Terms{.gold = {0, 0}, .item_from = 0}, Terms{.gold = {0, 0}, .item_from = 0}};
  s.accounts->item_with = 0;
  s.accounts->letters = 2;
  return s;
}

Scenario to_and_fro() {
  return {.name = "accounts-to-and-fro",
          .what = "two items are traded for each other and back, and one of them goes to and fro by letters",
          .marks = {Mark::kHalvesRedone, Mark::kMadeRoom},
          .shard = {0, 1},
          .crashes = 1,
          .trades = 2,
          .terms = {Terms{.item_from = 0, .second_from = 1}, Terms{.item_from = 1, .second_from = 0}},
          .accounts = Accounts{.item_with = 0, .second_with = 0, .prepares = true, .letters = 3, .letters_carry = 2}};
}

Scenario to_and_fro_beside_the_register() {
  Scenario s = to_and_fro();
  s.name = "accounts-to-and-fro-register";
  s.what = "likewise, and what was decided about the trades is not lost with the restore";
  s.shard = {1, 0};
  s.terms = {Terms{.item_from = 1, .second_from = 0}, Terms{.item_from = 0, .second_from = 1}};
  s.accounts->item_with = 1;
  s.accounts->second_with = 1;
  return s;
}

Scenario passed_on() {
  Scenario s = made();
  s.name = "accounts-passed-on";
  s.what = "an item comes by a trade of which its giver has not heard, and goes on by one that is decided elsewhere";
  s.marks = {Mark::kHalvesRedone};
  s.terms = {Terms{.item_from = 1}, Terms{.item_from = 0}};
  s.accounts->made_by = kNo;
  s.accounts->item_with = 1;
  s.accounts->registers = {0, 1};
  return s;
}

}  // namespace

std::vector<Scenario> small_account_scenarios() {
  return {left(),
          came(),
          came_from_the_register(),
          came_with_letters(),
          there_and_back(),
          both_came(),
          both_came_with_letters(),
          epochs(),
          third(),
          third_with_letters(),
          register_away(),
          made(),
          made_beside_the_register(),
          mailed(),
          mailed_beside_the_register(),
          to_and_fro(),
          to_and_fro_beside_the_register(),
          passed_on()};
}
std::vector<Scenario> large_account_scenarios() { return {}; }

}  // namespace dure::model
