ask("loops").then((loops) => {
	document.getElementById("main").textContent = JSON.stringify(loops);
});
