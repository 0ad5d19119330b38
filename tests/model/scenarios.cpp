#include "common/base/check.h"
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

std::vector<Scenario> all_of(std::vector<Scenario> one, const std::vector<Scenario>& two,
                             const std::vector<Scenario>& three) {
  one.insert(one.end(), two.begin(), two.end());
  one.insert(one.end(), three.begin(), three.end());
  return one;
}

}  // namespace

Scenario named(Scenario scenario, std::string_view name) {
  scenario.name = name;
  return scenario;
}

const std::vector<Scenario>& small_scenarios() {
  static const std::vector<Scenario> all =
      all_of(small_request_scenarios(), small_trade_scenarios(), small_box_scenarios());
  return all;
}

const std::vector<Scenario>& large_scenarios() {
  static const std::vector<Scenario> all =
      all_of(large_request_scenarios(), large_trade_scenarios(), large_box_scenarios());
  return all;
}

const Scenario& find_scenario(std::string_view name) {
  for (const auto* list : {&small_scenarios(), &large_scenarios()})
    for (const Scenario& scenario : *list)
      if (scenario.name == name) return scenario;
  check_failed(__FILE__, __LINE__, "a known scenario", std::string(name));
}

}  // namespace dure::model
