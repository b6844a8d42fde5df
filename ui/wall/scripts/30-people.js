// People: how many are active, invited and about to end, and how many signed in.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, of, ofThem, number, panel, figure, rest, empty, bars, split, daysBetween, dayWords, longDay } = wall;
  const DAY = 86400;

  function row(name, below, right, isSoon) {
    return h(
      "li",
      { class: "row" },
      h("span", { class: "who" }, h("span", { dir: "auto" }, name), h("small", {}, below)),
      h("span", { class: isSoon ? "soon" : "" }, right),
    );
  }

  function endsSoon(data, today) {
    if (!data.ending) return empty("Ends soon", "Nobody ends within 30 days.", "days");
    return panel(
      "Ends soon",
      h(
        "ul",
        { class: "rows" },
        data.ends_soon.map((ending) => {
          const left = daysBetween(today, ending.on);
          return row(ending.name, ending.role, left <= 0 ? "today" : dayWords(ending.on), left < 3);
        }),
      ),
      rest(data.ending - data.ends_soon.length, ` until ${longDay(data.until)}`),
    );
  }

  // A begun day counts, so that those with up to 3 days left are those who expire within 3 days.
  function expiryWords(seconds) {
    const days = Math.ceil(seconds / DAY);
    return days <= 1 ? "expires within a day" : `${days} days left`;
  }

  function agoWords(seconds) {
    const days = Math.floor(seconds / DAY);
    return days < 1 ? "invited today" : `invited ${of(days, "day", "days")} ago`;
  }

  function waiting(data, now) {
    if (!data.waiting.length) {
      const words = data.invited ? "Their invitations have expired." : "No invitation waits.";
      return empty("Invited and waiting", words, "letter");
    }
    return panel(
      "Invited and waiting",
      h(
        "ul",
        { class: "rows" },
        data.waiting.map((one) =>
          row(one.name, agoWords(now - one.invited), expiryWords(one.expires - now), one.expires - now < 2 * DAY),
        ),
      ),
      rest(data.invited - data.waiting.length),
    );
  }

  function reviewFigure(review, { now, clock }) {
    const what = review.to_decide === 1 ? "review to decide" : "reviews to decide";
    if (review.people) {
      const closes = review.closes ? `close ${clock.long(review.closes)}` : `of ${number(review.people)}`;
      return figure(review.to_decide, what, closes, review.to_decide ? "amber" : "");
    }
    if (!review.next_due) return figure(0, what, "no review is under way");
    const isLate = review.next_due < now;
    const below = isLate ? "the next review is overdue" : `the next is due on ${clock.long(review.next_due)}`;
    return figure(0, what, below, isLate ? "amber" : "");
  }

  // The progress of the review, above the chart of sign-ins.
  function reviewed(review) {
    if (!review.people) return [];
    const decided = review.people - review.to_decide;
    return [
      h("h2", { dir: "auto" }, review.name || "Review"),
      h(
        "p",
        { class: "decided" },
        h("b", {}, number(decided)),
        ` of ${number(review.people)} decided, ${number(review.to_decide)} to go`,
      ),
      split([[decided, "accent"], [review.to_decide, "rest"]], `${decided} of ${review.people} decided.`, review.people),
    ];
  }

  function signedIn(data) {
    const counts = data.signed_in.map(([, count]) => count);
    const today = counts.at(-1) ?? 0;
    const title = `People who signed in, ${counts.length} days`;
    if (!data.review.people && !counts.some(Boolean)) return empty(title, "Nobody signed in so far.", "people");
    return h(
      "section",
      { class: "panel sign-ins" },
      h("div", {}, reviewed(data.review)),
      h("h2", {}, title),
      bars(counts, `People who signed in on each of ${counts.length} days; ${today} today.`, "tall"),
      h(
        "p",
        { class: "ends" },
        h("span", {}, dayWords(data.signed_in[0][0]).split(" ").slice(1).join(" ")),
        h("span", {}, h("b", {}, number(today)), " today"),
      ),
    );
  }

  function moreWords(more) {
    if (!more) return "as many as last month";
    return `${number(Math.abs(more))} ${more > 0 ? "more" : "fewer"} than last month`;
  }

  function invitedWords(data) {
    if (!data.invited) return "nobody waits";
    return data.expiring ? `${of(data.expiring, "expires", "expire")} within 3 days` : "none expires within 3 days";
  }

  function endingWords(data) {
    return data.ending ? ofThem(data.ending_this_week, data.ending, "this week") : "nobody within 30 days";
  }

  wall.views.people = (data, { now, clock, names }) => {
    const today = data.signed_in.at(-1)[0];
    const figures = [
      figure(data.active, "active", moreWords(data.more)),
      figure(data.invited, "invited, waiting", invitedWords(data)),
      figure(data.ending, data.ending === 1 ? "ends soon" : "end soon", endingWords(data)),
      reviewFigure(data.review, { now, clock }),
    ];
    const lists = names === "counts" ? [] : [endsSoon(data, today), waiting(data, now)];
    return {
      parts: h(
        "div",
        { class: `view people ${names}` },
        h("div", { class: "figures part" }, figures),
        h("div", { class: "lists" }, lists, signedIn(data)),
      ),
    };
  };
})();
