#include "common/base/check.h"
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

std::vector<Scenario> all_of(const std::vector<std::vector<Scenario>>& lists) {
  std::vector<Scenario> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace

Scenario named(Scenario scenario, std::string_view name) {
  scenario.name = name;
  return scenario;
}

const std::vector<Scenario>& small_scenarios() {
  static const std::vector<Scenario> all =
      all_of({small_request_scenarios(), small_trade_scenarios(), small_box_scenarios(), small_restore_scenarios(),
              small_account_scenarios(), small_house_scenarios()});
  return all;
}

const std::vector<Scenario>& large_scenarios() {
  static const std::vector<Scenario> all =
      all_of({large_request_scenarios(), large_trade_scenarios(), large_box_scenarios(), large_restore_scenarios(),
              large_account_scenarios()});
  return all;
}

const Scenario& find_scenario(std::string_view name) {
  for (const auto* list : {&small_scenarios(), &large_scenarios()})
    for (const Scenario& scenario : *list)
      if (scenario.name == name) return scenario;
  check_failed(__FILE__, __LINE__, "a known scenario", std::string(name));
}

}  // namespace dure::model
