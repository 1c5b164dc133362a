"""When money may be spent: the policy, the price, the plan and the people, judged without any input or output."""
