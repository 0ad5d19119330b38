// What a crowd asked for and what it was told, for a judge that has nothing but the database: a JSON object a line, in
// the order in which it happened. `epoch` is the owner's at that moment. One thread; a file that cannot be written
// stops the run at the end.
//
//   {"did":"ask","player":7,"epoch":3,"creq":12,"balances":{"bread":2,"gold":-12},"removed":["…"],"fresh":1}
//   {"did":"agree", …,"creq":13,"with":9,"give":{"gold":5},"get":{},"gives":["…"],"gets":["…"]}      both of a trade
//   {"did":"told", …,"creq":12,"code":"OK"}      the reply
//   {"did":"saved", …,"creq":12}                 with it all that this epoch was told OK up to there, but for trades
//   {"did":"void", …,"creq":13}                  the table was changed or closed before both had agreed
//   {"did":"settling", …,"creq":13,"txn":"…"}
//   {"did":"settled", …,"creq":13,"txn":"…","committed":true}
#pragma once
#include <cstdint>
#include <fstream>
#include <string>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace dure {

namespace sample {
class TradeTable;
}
struct Change;

class History {
 public:
  struct Who {
    std::uint64_t player = 0, epoch = 0;
  };

  // Nothing is written before it.
  Result<> open(const std::string& path);
  bool whole() { return !file_.is_open() || file_.flush().good(); }

  void asked(Who who, const Change& expected);
  void agreed(Who who, std::uint64_t creq, const sample::TradeTable& table);
  void told(Who who, std::uint64_t creq, const std::string& code);
  void saved(Who who, std::uint64_t creq);
  void came_to_nothing(Who who, std::uint64_t creq);
  void settling(Who who, std::uint64_t creq, const ItemId& txn);
  void settled(Who who, std::uint64_t creq, const ItemId& txn, bool committed);

 private:
  std::ofstream file_;
};

}  // namespace dure
